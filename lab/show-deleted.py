"""Lets somebody look at what was deleted, as `dsacls "CN=Deleted Objects,…" /G USER:LCRP` does; samba-tool does not find that object.

Arguments: smb.conf, the object's distinguished name, the user's SID.
"""

import sys

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

configuration, name, sid = sys.argv[1:]
parameters = LoadParm()
parameters.load(configuration)
database = SamDB(session_info=system_session(), lp=parameters)
controls = ["show_deleted:1", "sd_flags:1:4"]
[found] = database.search(name, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=controls)
descriptor = ndr_unpack(security.descriptor, found["nTSecurityDescriptor"][0])
granted = security.descriptor.from_sddl("D:(A;;LCRP;;;%s)" % sid, security.dom_sid(database.get_domain_sid()))
descriptor.dacl_add(granted.dacl.aces[0])
message = ldb.Message(found.dn)
message["nTSecurityDescriptor"] = ldb.MessageElement(ndr_pack(descriptor), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
database.modify(message, controls)
