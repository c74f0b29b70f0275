import ICalendar
import Testing

@testable import Sync

@Suite("Calls of an upstream")
struct CallBudgetTests {
    @Test func `each is answered at once, until they come without end`() {
        var budget = CallBudget()
        let begin = Instant(seconds: 1_795_000_000)
        let answered = (0..<1000).filter { _ in budget.take(at: begin) }
        #expect(answered.count == 60)
    }

    @Test func `of a stream one in two seconds is answered, and after a while all again`() {
        var budget = CallBudget()
        let begin = Instant(seconds: 1_795_000_000)
        var answered = 0
        for second in 0..<600 {
            for _ in 0..<10 where budget.take(at: begin + Int64(second)) { answered += 1 }
        }
        #expect((355...361).contains(answered))
        let later = (0..<100).filter { _ in budget.take(at: begin + 1000) }
        #expect(later.count == 60)
    }
}
