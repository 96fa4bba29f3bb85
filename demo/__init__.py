"""The world outside, for the demo town and the tests only: a town, a local Stripe, a local mailbox."""
