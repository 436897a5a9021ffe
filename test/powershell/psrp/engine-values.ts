import { PsDictionary, PsList, PsObject, PsScalar, type PsValue, psEnum } from "../../../provider/powershell/psrp";

/** What each expression of the engine's must come out as. The engine makes them, so that no reader of ours is asked whether a writer of ours is right. */
export const primitives: Record<string, PsValue> = {
  "[string]::Empty": "",
  "'plain'": "plain",
  "[string][char]0 + [char]9 + [char]10 + [char]13 + [char]27 + [char]127 + [char]133 + ' '": "\0\t\n\r\x1b\x7f\x85 ",
  "'_x0041_ _X000a_ _x_ __x0041__ _'": "_x0041_ _X000a_ _x_ __x0041__ _",
  "'<a b=\"c\">&amp;</a> ]]> '''": '<a b="c">&amp;</a> ]]> \'',
  "[char]::ConvertFromUtf32(0x1F600) + [char]0xD800 + [char]0xFFFE + [char]0xFFFF + [char]0xFEFF":
    "😀\ud800\ufffe\uffff\ufeff",
  "'é' * 50000": "é".repeat(50_000),
  "[int]::MinValue": -(2 ** 31),
  "[int]::MaxValue": 2 ** 31 - 1,
  "[long]0": 0n,
  "[long]::MinValue": -(2n ** 63n),
  "[long]::MaxValue": 2n ** 63n - 1n,
  "[long]9007199254740993": 9007199254740993n,
  "[ulong]::MaxValue": new PsScalar("UInt64", "18446744073709551615"),
  "[uint]::MaxValue": new PsScalar("UInt32", "4294967295"),
  "[int16]::MinValue": new PsScalar("Int16", "-32768"),
  "[uint16]::MaxValue": new PsScalar("UInt16", "65535"),
  "[byte]255": new PsScalar("Byte", "255"),
  "[sbyte]-128": new PsScalar("SByte", "-128"),
  "[char]0xD800": new PsScalar("Char", "55296"),
  "[char]'ß'": new PsScalar("Char", "223"),
  $true: true,
  $false: false,
  "[double]0.1": new PsScalar("Double", "0.1"),
  "[double]::MaxValue": new PsScalar("Double", "1.7976931348623157E+308"),
  "[double]::Epsilon": new PsScalar("Double", "5E-324"),
  "[double]::NaN": new PsScalar("Double", "NaN"),
  "[double]::NegativeInfinity": new PsScalar("Double", "-INF"),
  "[double]::Parse('-0')": new PsScalar("Double", "-0"),
  "[single]3.4028235E+38": new PsScalar("Single", "3.4028235E+38"),
  "[decimal]::MaxValue": new PsScalar("Decimal", "79228162514264337593543950335"),
  "[decimal]::Parse('-0.1000')": new PsScalar("Decimal", "-0.1000"),
  "[datetime]::new(638000000001234567, 'Utc')": new PsScalar("DateTime", "2022-09-28T22:13:20.1234567Z"),
  "[datetime]::new(638000000000000001)": new PsScalar("DateTime", "2022-09-28T22:13:20.0000001"),
  "[datetime]::MinValue": new PsScalar("DateTime", "0001-01-01T00:00:00"),
  "[datetime]::MaxValue": new PsScalar("DateTime", "9999-12-31T23:59:59.9999999"),
  "[timespan]::MinValue": new PsScalar("TimeSpan", "-P10675199DT2H48M5.4775808S"),
  "[timespan]::Zero": new PsScalar("TimeSpan", "PT0S"),
  "[guid]'6f9619ff-8b86-d011-b42d-00cf4fc964ff'": new PsScalar("Guid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
  "[uri]'http://host/a%20b?c=d&e=_x0041_'": new PsScalar("Uri", "http://host/a b?c=d&e=_x0041_"),
  "[version]'15.2.1544.4'": new PsScalar("Version", "15.2.1544.4"),
  "{ Get-Item '<x>' }": new PsScalar("ScriptBlock", " Get-Item '<x>' "),
  "[xml]'<a b=\"1\">x &amp; y</a>'": new PsScalar("XmlDocument", '<a b="1">x &amp; y</a>'),
  "[byte[]](0..255)": Uint8Array.from({ length: 256 }, (_, index) => index),
};

const array = ["System.Object[]", "System.Array", "System.Object"];
const bag = (extended: Record<string, PsValue>) =>
  new PsObject({ typeNames: ["System.Management.Automation.PSCustomObject", "System.Object"], extended });

/** As {@link primitives}; their type names are those that a reader is told. */
export const containers: Record<string, PsValue> = {
  ",@()": new PsList([], "list", { typeNames: array }),
  ",@(1, 'two', $null, @(3L))": new PsList([1, "two", null, [3n]], "list", { typeNames: array }),
  ",[string[]]('a', 'b')": new PsList(["a", "b"], "list", {
    typeNames: ["System.String[]", "System.Array", "System.Object"],
  }),
  ",[System.Collections.ArrayList]@(1)": new PsList([1], "list", {
    typeNames: ["System.Collections.ArrayList", "System.Object"],
  }),
  ",[System.Collections.Queue]@(1, 2)": new PsList([1, 2], "queue"),
  ",[System.Collections.Stack]@(1, 2)": new PsList([2, 1], "stack"),
  "@{ key = @{ 1 = 'inner' } }": new PsDictionary([["key", new PsDictionary([[1, "inner"]])]]),
  "[ordered]@{ z = 1; a = 2 }": new PsDictionary(
    [
      ["z", 1],
      ["a", 2],
    ],
    { typeNames: ["System.Collections.Specialized.OrderedDictionary", "System.Object"] },
  ),
  "[System.DayOfWeek]::Friday": psEnum("System.DayOfWeek", 5, "Friday"),
  "[pscustomobject]@{ 'a b_x0041_' = 1; B = [pscustomobject]@{ C = 'd' } }": bag({
    "a b_x0041_": 1,
    B: bag({ C: "d" }),
  }),
  "Add-Note 7": new PsObject({ base: 7, extended: { Note: "added" } }),
  "Add-Note ([System.Management.Automation.ProgressRecord]::new(1, 'act', 'stat'))": new PsObject({
    typeNames: ["System.Management.Automation.ProgressRecord"],
    extended: {
      Activity: "act",
      ActivityId: 1,
      CurrentOperation: null,
      ParentActivityId: -1,
      PercentComplete: -1,
      Type: "Processing",
      SecondsRemaining: -1,
      StatusDescription: "stat",
      Note: "added",
    },
  }),
};
