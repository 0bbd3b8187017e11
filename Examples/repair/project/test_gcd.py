import unittest

from gcd import gcd


class Tests(unittest.TestCase):
    def test_of_small_numbers(self):
        self.assertEqual(gcd(12, 18), 6)

    def test_of_coprime_numbers(self):
        self.assertEqual(gcd(13, 27), 1)

    def test_with_zero(self):
        self.assertEqual(gcd(7, 0), 7)


if __name__ == "__main__":
    unittest.main()
