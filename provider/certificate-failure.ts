const trust = "Name the file of the authority that signed it as caFile.";

/** Node's words for a certificate that will not do (OpenSSL's X509_V_ERR_…, Node's ERR_TLS_…): what it is, and the remedy. */
export const certificateFailures: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  ["CERT_HAS_EXPIRED", ["has expired", "Renew it on the server."]],
  ["CERT_NOT_YET_VALID", ["is not valid yet", "Compare the clocks of this machine and the server."]],
  ["CERT_REVOKED", ["was revoked", "Renew it on the server."]],
  ["CERT_SIGNATURE_FAILURE", ["has a signature that does not match its authority", trust]],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", ["is signed by itself, which is not trusted", trust]],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    ["is for another name", "Name the server as its certificate does, in full and not by its address."],
  ],
  ["SELF_SIGNED_CERT_IN_CHAIN", ["comes from an authority that is not trusted", trust]],
  ["UNABLE_TO_GET_ISSUER_CERT", ["comes from an authority that is not known", trust]],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", ["comes from an authority that is not known", trust]],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", ["comes from an authority that is not known", trust]],
]);
