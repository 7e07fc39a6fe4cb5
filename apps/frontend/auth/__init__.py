"""Who is calling: sessions, sign-in, OpenID Connect."""
