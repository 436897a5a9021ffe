@{
  RootModule = 'WindowsFiles.psm1'
  ModuleVersion = '1.0'
  GUID = '6f6a1b0e-5f0c-4f0d-8e0e-0a8f5a9a2c11'
  FunctionsToExport = @('Get-Item', 'Get-ChildItem', 'Get-Content')
}
