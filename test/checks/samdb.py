"""Changes a Samba database past LDAP: what a directory has only after years, or never again.

Arguments: smb.conf, then a JSON list of {dn, attribute, values}.
"""

import json
import sys

import ldb
from samba import dsdb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

parameters = LoadParm()
parameters.load(sys.argv[1])
database = SamDB(session_info=system_session(), lp=parameters)
controls = ["relax:0", "show_deleted:1"]
for change in json.loads(sys.argv[2]):
    message = ldb.Message()
    message.dn = ldb.Dn(database, change["dn"])
    name = change["attribute"]
    message[name] = ldb.MessageElement(change["values"], ldb.FLAG_MOD_REPLACE, name)
    bypass = ["local_oid:%s:0" % dsdb.DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID] if name == "pwdLastSet" else []
    database.modify(message, controls + bypass)
