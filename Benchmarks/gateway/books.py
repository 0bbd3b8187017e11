"""Holds the ledger against the books of the upstream and the notes of the clients."""

import collections
import json

import kit

ROWS = """SELECT id, first, attempt, epoch, state, model, account, idempotency, ceiling, charged,
beyond, basis, used, outcome FROM call ORDER BY id"""


class Faults:
    """What differs: how often, by kind, and the first few of each."""

    def __init__(self, shown=5):
        self.counts, self.examples, self.shown = collections.Counter(), {}, shown

    def add(self, kind, example):
        self.counts[kind] += 1
        self.examples.setdefault(kind, [])
        if len(self.examples[kind]) < self.shown:
            self.examples[kind].append(example)

    def print(self):
        for kind, count in self.counts.most_common():
            print(f"FAULT, {count} times: {kind}")
            for example in self.examples[kind]:
                print(f"    {example}")


def number_calls(books, faults):
    """The upstream's books by the number of the call. One number is asked for once."""
    numbered = {}
    for book in books:
        number = kit.call_number(book["id"])
        if number is None:
            faults.add("a call came without its number", book)
        elif number in numbered:
            faults.add("two calls came under one number", (numbered[number], book))
        else:
            numbered[number] = book
    return numbered


def is_exact(book, client):
    """Whether the ledger must have to the token what the books have: the answer said what it cost,
    and the client got all of it. A client that left may have been charged more."""
    is_good = book["state"] == "complete" and book["told"] and book["fault"] == "none"
    return is_good and client is not None and client["ended"] == "whole"


def compare_row(row, book, client, faults):
    """One attempt: what was charged beside what a provider bills."""
    seen = {"row": dict(row), "book": book, "client": client}
    charged, ceiling = row["charged"], row["ceiling"]
    if row["state"] == "reserved":
        faults.add("a call is left reserved", seen)
        return
    if charged > ceiling:
        faults.add("more was charged than was reserved", seen)
    if row["state"] == "unknown" and charged != ceiling:
        faults.add("a call of unknown fate is not charged at its ceiling", seen)
    if row["state"] == "released" and charged:
        faults.add("a released call is charged", seen)
    if book is None:
        if row["basis"] == "usage":
            faults.add("usage is charged of a call that never reached the upstream", seen)
        return
    billed = kit.price(book["model"], book["input"], book["output"])
    used = json.loads(row["used"] or "{}")
    tokens = used.get("input", 0), used.get("output", 0)
    # A client that leaves may do so before the gateway has read the refusal.
    has_left = client is not None and client["ended"] == "left"
    if book["state"] == "refused" and charged and not has_left:
        faults.add("a refused call is charged", seen)
    elif charged < billed:
        faults.add(f"a {book['state']} call is charged less than it was billed", seen)
    if is_exact(book, client) and row["basis"] != "usage" and row["attempt_is_last"]:
        faults.add("a whole answer that said its usage is charged on another basis", seen)
    if row["basis"] == "usage" and book["state"] == "complete":
        if charged != billed:
            faults.add("the amount differs from the upstream's", seen)
        if tokens != (book["input"], book["output"]):
            faults.add("the tokens differ from the upstream's", seen)


def compare(rows, books, clients, faults):
    """All attempts. Gives how many there were, by what the books and the ledger call them, with
    what was billed and charged for them in pico-dollars."""
    numbered = number_calls(books, faults)
    last = {}
    for row in rows:
        last[row["first"] or row["id"]] = row["id"]
    groups = {}
    for row in rows:
        row = dict(row)
        row["attempt_is_last"] = last[row["first"] or row["id"]] == row["id"]
        book = numbered.pop(row["id"], None)
        compare_row(row, book, clients.get(book["user"]) if book else None, faults)
        billed = kit.price(book["model"], book["input"], book["output"]) if book else 0
        told = "never seen" if book is None else book["state"] + (
            f" ({book['fault']})" if book["fault"] in ("no-usage", "garbage") else "")
        group = groups.setdefault((told, f"{row['state']}, {row['basis']}"), [0, 0, 0])
        for index, value in enumerate((1, billed, row["charged"])):
            group[index] += value
    for number, book in numbered.items():
        faults.add("the upstream was asked without a reservation", (number, book))
    return groups


def print_groups(groups):
    print("| at the upstream | in the ledger | calls | billed there, USD | charged, USD |")
    print("|---|---|---:|---:|---:|")
    for (told, entry), (count, billed, charged) in sorted(groups.items()):
        print(f"| {told} | {entry} | {count} | {billed / 1e12:.6f} | {charged / 1e12:.6f} |")


def compare_clients(clients, books, faults):
    """What the clients were told beside what the upstream said."""
    completed = {book["user"] for book in books if book["state"] == "complete"}
    for name, client in clients.items():
        if client["ended"] == "truncated":
            faults.add("an answer without its end was told as a success", client)
        elif client["ended"] == "cut":
            faults.add("the connection was closed without a word", client)
        elif client["ended"] == "whole" and name not in completed:
            faults.add("a client got a whole answer that the upstream never completed", client)


def leaving_times(clients, books, faults, limit):
    """Milliseconds from a client's leaving until the upstream had nothing more to do with it, of
    those for whom it still had."""
    times = []
    for book in books:
        client = clients.get(book["user"])
        if client is None or client["ended"] != "left" or book["ended_us"] < client["ended_us"]:
            continue
        late = (book["ended_us"] - client["ended_us"]) / 1e3
        times.append(late)
        if book["time_us"] > client["ended_us"] + limit * 1e3:
            faults.add("the upstream was asked for a client that had left", (client, book))
        elif late > limit:
            faults.add(f"a call went on for more than {limit:g} ms without its client",
                       (late, client, book))
    return sorted(times)


def check_limits(journal, faults):
    """No account may ever have spent and reserved more than its limit. Gives what is left of each
    limit, in pico-dollars."""
    left = {}
    for account, limit, reserved, spent in journal.execute(
            'SELECT account, "limit", reserved, spent FROM spending JOIN account '
            'ON account.id = spending.account WHERE "limit" IS NOT NULL'):
        left[account] = limit - reserved - spent
        if left[account] < 0:
            faults.add("an account is over its limit", (account, limit, reserved, spent))
    return left
