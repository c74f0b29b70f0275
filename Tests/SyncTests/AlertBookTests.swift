import ICalendar
import Sync
import Testing

@Suite("Alerts")
struct AlertBookTests {
    private let dead = Alert(
        .reconnectNeeded,
        subject: "connection 1",
        message: "The grant is dead.",
        remedy: "Connect."
    )
    private let failing = Alert(.failing, subject: "link 1", message: "Google does not answer.", remedy: "Wait.")

    @Test func `what is wrong is told once, and once that it is over`() {
        var book = AlertBook()
        #expect(book.news([dead], at: Instant(seconds: 0)) == [dead])
        #expect(book.news([dead], at: Instant(seconds: 60)) == [])
        #expect(book.news([], at: Instant(seconds: 120)).map(\.kind) == [.over])
        #expect(book.news([], at: Instant(seconds: 180)) == [])
        #expect(book.news([dead], at: Instant(seconds: 240)) == [dead])
    }

    @Test func `a failure is told when it has lasted an hour, and not that it is over when it has not`() {
        var book = AlertBook()
        #expect(book.news([failing], at: Instant(seconds: 0)) == [])
        #expect(book.news([failing], at: Instant(seconds: 3599)) == [])
        #expect(book.news([], at: Instant(seconds: 3600)) == [])
        #expect(book.news([failing], at: Instant(seconds: 4000)) == [])
        #expect(book.news([failing], at: Instant(seconds: 7600)) == [failing])
    }
}
