# Cmdlets of Windows that the tests' engine does not have, as far as logs are read by them, in the shapes that Microsoft documents.

function Get-Item {
  param([string] $LiteralPath)
  $name = $LiteralPath -replace '^Env:', ''
  [pscustomobject] @{ Name = $name; Value = [Environment]::GetEnvironmentVariable($name) }
}

function Get-ChildItem {
  param([string] $LiteralPath, [string] $Filter, [switch] $Recurse, [switch] $File)
  if (-not [IO.Directory]::Exists($LiteralPath)) {
    Write-Error "Cannot find path '$LiteralPath' because it does not exist."
    return
  }
  foreach ($path in [IO.Directory]::GetFiles($LiteralPath, '*', 'AllDirectories')) {
    if ($path -like $Filter) { [IO.FileInfo]::new($path) }
  }
}

# With a read count lines come in arrays, each with note properties; a last line that is alone comes alone.
function Get-Content {
  param([string] $LiteralPath, [string] $Encoding, [int] $ReadCount)
  $block = [Collections.Generic.List[object]]::new()
  foreach ($line in [IO.File]::ReadLines($LiteralPath, [Text.Encoding]::UTF8)) {
    $block.Add($line)
    if ($block.Count -eq $ReadCount) {
      Write-Block $block
      $block.Clear()
    }
  }
  if ($block.Count -gt 0) { Write-Block $block }
}

function Write-Block {
  param($block)
  $count = $block.Count
  $lines = $block.ToArray()
  if ($count -eq 1) { $lines = $lines[0] }
  $lines.psobject.Properties.Add([psnoteproperty]::new('ReadCount', $count))
  if ($count -eq 1) { $lines } else { , $lines }
}

Export-ModuleMember -Function Get-Item, Get-ChildItem, Get-Content
