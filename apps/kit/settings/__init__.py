"""The CAFE_ variables: parsed and checked once; the state folder keeps generated secrets."""
