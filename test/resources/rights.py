"""Gives an account exactly these rights on objects, and takes away what it had there before: samba-tool can only add.

Arguments: smb.conf, the account's SID, then a JSON list of {dn, rights}; rights are entries of a DACL in SDDL.
"""

import json
import re
import sys

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

parameters = LoadParm()
parameters.load(sys.argv[1])
database = SamDB(session_info=system_session(), lp=parameters)
domain = security.dom_sid(database.get_domain_sid())
dacl = ["sd_flags:1:4"]
# An entry that was inherited has ID among its flags: it goes with the one that it came from.
own = re.compile(r"\(\w+;(?:(?!ID)\w\w)*;[^();]*;[^();]*;[^();]*;%s\)" % re.escape(sys.argv[2]))
for change in json.loads(sys.argv[3]):
    name = "nTSecurityDescriptor"
    [entry] = database.search(change["dn"], ldb.SCOPE_BASE, attrs=[name], controls=dacl)
    text = ndr_unpack(security.descriptor, entry[name][0]).as_sddl(domain)
    text = own.sub("", text)
    text = re.sub(r"(D:[A-Z]*)", lambda found: found[1] + "".join(change["rights"]), text, count=1)
    descriptor = security.descriptor.from_sddl(text, domain)
    message = ldb.Message()
    message.dn = ldb.Dn(database, change["dn"])
    message[name] = ldb.MessageElement(ndr_pack(descriptor), ldb.FLAG_MOD_REPLACE, name)
    database.modify(message, dacl)
