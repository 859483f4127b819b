<#
.SYNOPSIS
Thin names for the dotnet lines of this repository: ./build.ps1 Build,Test
.PARAMETER Target
One or more of Restore, Build, Format, Test, Bench, Demo, Pack, Ci; they run in the order given.
.PARAMETER DryRun
Print the lines, run nothing.
.PARAMETER Arguments
Passed on to the benchmarks or to the demo.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Restore', 'Build', 'Format', 'Test', 'Bench', 'Demo', 'Pack', 'Ci')]
    [string[]] $Target = 'Test',
    [string] $Configuration = 'Release',
    [string[]] $Arguments = @(),
    [switch] $DryRun
)

# Only the language and the engine are used, no cmdlet of a module: the tests run this file in a bare runspace.
$ErrorActionPreference = 'Stop'
$c = @('-c', $Configuration)

$lines = @{
    Restore = @(, @('restore', 'Violence.sln'))
    Build   = @(, (@('build', 'Violence.sln') + $c))
    Format  = @(, @('format', 'Violence.sln', '--verify-no-changes'))
    Test    = @(, (@('test', 'Violence.sln') + $c))
    Bench   = @(, (@('run', '--project', 'Violence.Kademlia.Benchmarks') + $c + '--' + $Arguments))
    Demo    = @(, (@('run', '--project', 'Violence.Kademlia.Node') + $c + @('--', 'demo') + $Arguments))
    Pack    = @(, (@('pack', 'Violence.Kademlia') + $c + @('-o', 'artifacts/packages')))
    Ci      = @(
        @('restore', 'Violence.sln', '--locked-mode'),
        (@('build', 'Violence.sln') + $c + @('--no-restore', '-warnaserror')),
        @('format', 'Violence.sln', '--verify-no-changes', '--no-restore'),
        (@('test', 'Violence.sln') + $c + '--no-build'),
        (@('run', '--project', 'Violence.Kademlia.Node') + $c + @('--no-build', '--', 'demo', '--json'))
    )
}

$place = $ExecutionContext.SessionState.Path
$before = $place.CurrentLocation
try {
    $null = $place.SetLocation($PSScriptRoot)
    foreach ($name in $Target) {
        foreach ($line in $lines[$name]) {
            "dotnet $line"
            if ($DryRun) { continue }

            & dotnet @line
            if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
        }
    }
}
finally {
    $null = $place.SetLocation($before.Path)
}

exit 0
