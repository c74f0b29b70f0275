@main enum Kalends { static func main() {} }
