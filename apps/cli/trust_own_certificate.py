"""How a command on this machine trusts the café's own certificate."""

import ssl

from apps.kit.settings.settings import Settings


def own_certificate(settings: Settings) -> ssl.SSLContext | bool:
    """Trusts the certificate we were given, whatever name it is for: we ask ourselves on this machine's own address."""
    if settings.tls_certificate is None:
        return True
    context = ssl.create_default_context(cafile=str(settings.tls_certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
