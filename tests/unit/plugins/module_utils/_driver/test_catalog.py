# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be seen of a catalog without verifying it."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import catalog
from ansible_collections.homevirt.fleet.tests.unit.support.phony_drivers import packages

INF = b'[Version]\nSignature="$Windows NT$"\n'
# Made with openssl cms from a certificate of its own; the content is the hash of INF.
SIGNED_BY_OPENSSL = base64.b64decode(
    """
    MIIDawYJKoZIhvcNAQcCoIIDXDCCA1gCAQExDTALBglghkgBZQMEAgEwJQYJKoZIhvcNAQcBoBgEFgQUvi+Zv+S7SYE4/+ZL
    i16PMkUbVBKgggGRMIIBjTCCATOgAwIBAgIUXRXdPiWPxoOLjmulUC5/JpZQN2gwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwR
    V0RLVGVzdENlcnQgcGhvbnkwHhcNMjYxMTI1MDA0NjIyWhcNMzYxMTIyMDA0NjIyWjAcMRowGAYDVQQDDBFXREtUZXN0Q2Vy
    dCBwaG9ueTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOtqNnTlJMtsoZ/ggdn965Nu7rN38mc8V62qF3PjoMvjlB9ALNF4
    huBsmr/Iy1+GOXHKoDXb6dqkEAazN5W7AEKjUzBRMB0GA1UdDgQWBBTvnRUmPxZ4Anba0cp2+onzKmP1+TAfBgNVHSMEGDAW
    gBTvnRUmPxZ4Anba0cp2+onzKmP1+TAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDt5lAqBCKjr7quPXbP
    LqrloShGUbHMHhVW4qyCAI5mbwIgXkq33l+pAwtvKzIbNfdwZrEDx6lvbEBY0LJhAb/SfPkxggGGMIIBggIBATA0MBwxGjAY
    BgNVBAMMEVdES1Rlc3RDZXJ0IHBob255AhRdFd0+JY/Gg4uOa6VQLn8mllA3aDALBglghkgBZQMEAgGggeQwGAYJKoZIhvcN
    AQkDMQsGCSqGSIb3DQEHATAcBgkqhkiG9w0BCQUxDxcNMjYxMTI1MDA0NjIyWjAvBgkqhkiG9w0BCQQxIgQg4ljCdajV6dZE
    z1JMDvSZ1H08ChbJg2OI7ww71uQCoS0weQYJKoZIhvcNAQkPMWwwajALBglghkgBZQMEASowCwYJYIZIAWUDBAEWMAsGCWCG
    SAFlAwQBAjAKBggqhkiG9w0DBzAOBggqhkiG9w0DAgICAIAwDQYIKoZIhvcNAwICAUAwBwYFKw4DAgcwDQYIKoZIhvcNAwIC
    ASgwCgYIKoZIzj0EAwIERzBFAiEAzfZPw+/bRT1n/1kIJjGR4JzDmx8UwJZMEq/3IVtLoBACIEI8Bsj0n9DT+TrTkz+DdlXg
    rKBBSCT0QSp9dQ1wRsqS
    """
)


def test_a_real_signature():
    assert catalog.names(SIGNED_BY_OPENSSL) == ["WDKTestCert phony"]
    assert catalog.level(SIGNED_BY_OPENSSL, INF) == "test"
    assert catalog.level(SIGNED_BY_OPENSSL, INF + b"changed") == "unsigned"


@pytest.mark.parametrize(
    ("signer", "level"),
    [
        ("Microsoft Windows Hardware Compatibility Publisher", "signed"),
        ("Red Hat, Inc.", "signed"),
        ("James Harper (test)", "test"),
        ("DO NOT TRUST - phony", "test"),
        ("Contest winners", "signed"),
    ],
)
def test_levels(signer, level):
    assert catalog.level(packages.catalog(INF, signer), INF) == level


@pytest.mark.parametrize("data", [None, b"", b"nothing", catalog.COMMON_NAME, catalog.COMMON_NAME + b"\x0c\xff"])
def test_what_is_no_catalog(data):
    assert catalog.level(data, INF) == "unsigned"
