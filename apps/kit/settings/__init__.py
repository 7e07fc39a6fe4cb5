"""The CAFE_ variables: parsed once, checked, and kept in the state folder."""
