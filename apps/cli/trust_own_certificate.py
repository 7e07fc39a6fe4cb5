"""TLS verification for commands that call the café on this machine."""

import ssl

from apps.kit.settings.settings import Settings


def own_certificate(settings: Settings) -> ssl.SSLContext | bool:
    """Trusts CAFE_TLS_CERTIFICATE whatever host name it is for, because commands connect by loopback address."""
    if settings.tls_certificate is None:
        return True
    context = ssl.create_default_context(cafile=str(settings.tls_certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
