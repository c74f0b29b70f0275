import FuzzEntries

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.requestXML.takeInput(octets, count)
}
