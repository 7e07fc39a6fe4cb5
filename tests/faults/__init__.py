"""The proof: a history checker in the manner of Jepsen (https://jepsen.io), on a café of real processes."""
