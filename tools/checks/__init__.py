"""What `./cafe test` and `./cafe check` run."""
