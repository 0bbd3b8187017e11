#!/usr/bin/env python3
"""Whether books.py finds what it is there to find: Benchmarks/gateway/books_test.py"""

import json
import unittest

import books
import kit

MODEL = "gpt-4o-mini"
PRICE = kit.price(MODEL, 100, 20)


def book(number=1, user="a", state="complete", fault="none", told=True, tokens=(100, 20),
         began=0, ended=1000):
    return {"id": f"caisson-1-{number}", "user": user, "state": state, "fault": fault, "told": told,
            "model": MODEL, "input": tokens[0], "output": tokens[1], "time_us": began,
            "ended_us": ended}


def row(number=1, state="settled", basis="usage", charged=PRICE, ceiling=10 * PRICE,
        used=(100, 20), first=None):
    return {"id": number, "first": first, "state": state, "basis": basis, "charged": charged,
            "ceiling": ceiling, "used": json.dumps({"input": used[0], "output": used[1]})}


def client(ended="whole", at=0):
    return {"ended": ended, "ended_us": at, "status": 200}


def found(rows, bookings, clients=None):
    faults = books.Faults()
    books.compare(rows, bookings, {"a": client()} if clients is None else clients, faults)
    return sorted(faults.counts)


class Comparison(unittest.TestCase):
    def test_what_is_right_is_no_fault(self):
        self.assertEqual(found([row()], [book()]), [])
        self.assertEqual(found([row(state="released", basis="released", charged=0)],
                               [book(state="refused", tokens=(0, 0))]), [])
        self.assertEqual(found([row(basis="counted", charged=3 * PRICE)],
                               [book(state="broken")], {}), [])
        self.assertEqual(found([row(state="unknown", basis="ceiling", charged=10 * PRICE)],
                               [book(state="cancelled")], {}), [])
        self.assertEqual(found([row(basis="counted", charged=2 * PRICE)], [book(told=False)]), [])
        self.assertEqual(found([row(state="released", basis="released", charged=0),
                                row(2, first=1)],
                               [book(state="reset", tokens=(0, 0)), book(2)]), [])

    def test_amounts_and_tokens_must_be_equal(self):
        self.assertIn("the amount differs from the upstream's", found([row(charged=PRICE + 1)], [book()]))
        self.assertIn("the tokens differ from the upstream's", found([row(used=(101, 20))], [book()]))
        self.assertIn("a whole answer that said its usage is charged on another basis",
                      found([row(basis="counted", charged=2 * PRICE)], [book()]))

    def test_bounds_hold(self):
        self.assertEqual(found([row(basis="counted", charged=PRICE - 1)], [book(state="broken")]),
                         ["a broken call is charged less than it was billed"])
        self.assertIn("more was charged than was reserved", found([row(ceiling=PRICE - 1)], [book()]))
        self.assertEqual(found([row(basis="counted")], [book(state="refused", tokens=(0, 0))]),
                         ["a refused call is charged"])
        self.assertEqual(found([row(basis="counted")], [book(state="refused", tokens=(0, 0))],
                               {"a": client("left")}), [])
        self.assertEqual(found([row(state="unknown", basis="ceiling")], [book(state="cancelled")], {}),
                         ["a call of unknown fate is not charged at its ceiling"])

    def test_nothing_is_left_over(self):
        self.assertEqual(found([row(state="reserved", basis=None, charged=0)], [book()]),
                         ["a call is left reserved"])
        self.assertEqual(found([], [book()]), ["the upstream was asked without a reservation"])
        self.assertEqual(found([row()], [book(), book()]), ["two calls came under one number"])
        self.assertEqual(found([row()], []),
                         ["usage is charged of a call that never reached the upstream"])

    def test_clients_are_told_the_truth(self):
        def told(ended, state="complete"):
            faults = books.Faults()
            books.compare_clients({"a": client(ended)}, [book(state=state)], faults)
            return len(faults.counts)

        self.assertEqual((told("whole"), told("error", "broken"), told("left", "cancelled")), (0, 0, 0))
        self.assertEqual((told("truncated"), told("cut"), told("whole", "broken")), (1, 1, 1))

    def test_the_upstream_knows_in_time_who_left(self):
        faults = books.Faults()
        left = {"a": client("left", 10_000)}
        self.assertEqual(books.leaving_times(left, [book(ended=12_000)], faults, 50), [2.0])
        self.assertFalse(faults.counts)
        books.leaving_times(left, [book(ended=70_000)], faults, 50)
        books.leaving_times(left, [book(began=70_000, ended=70_001)], faults, 50)
        self.assertEqual(len(faults.counts), 2)


if __name__ == "__main__":
    unittest.main()
