// Command lockstep is Lockstep on the command line. It is built natively, and for
// js/wasm to run under Node.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"lockstep/shared/syncquery"
	"lockstep/shared/version"
)

// cli is the commands. Those that a build can't have (nativeCommands) are in the
// files that carry its tag.
type cli struct {
	Simulate simulateCommand `cmd:"" help:"Run synchronized queries, simulated or against a server, and report how it went."`
	Query    queryCommand    `cmd:"" help:"Read resources in one synchronized moment."`
	Locks    locksCommand    `cmd:"" help:"For operators: list and break leases."`
	Seed     seedCommand     `cmd:"" help:"Load testdata into running or deployed services."`
	Pi       piCommand       `cmd:"" help:"Estimate pi by simulations: at a service, on a cluster, or here."`
	nativeCommands
	Version kong.VersionFlag `help:"Print the version and exit."`
}

// streams are where a command writes: results to out, everything else to err.
type streams struct{ out, err io.Writer }

// Exit codes, besides 0 for success.
const (
	exitFailed      = 1   // it was tried, and some of it did not work
	exitUsage       = 2   // it was not tried: the arguments are wrong
	exitInterrupted = 130 // SIGINT or SIGTERM; everything is freed
)

func main() {
	ctx, stop := interruptible()
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run runs a command line and returns its exit code.
func run(ctx context.Context, args []string, s streams) (code int) {
	type exit int
	defer func() { // kong leaves by calling Exit, after --help for one
		switch p := recover().(type) {
		case nil:
		case exit:
			code = int(p)
		default:
			panic(p)
		}
	}()
	var c cli
	parser, err := kong.New(&c,
		kong.Name("lockstep"),
		kong.Description("Locks over several things at once, and queries that read them in one moment."),
		kong.Vars{"version": version.Version, "strategies": syncquery.StrategyNames(), "rules": syncquery.RuleNames()},
		kong.Writers(s.out, s.err), kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err) // the structs above are wrong
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(s.err, "lockstep: %v\nSee lockstep --help.\n", err)
		return exitUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(s)
	if err := parsed.Run(); err != nil {
		_, _ = fmt.Fprintf(s.err, "lockstep: %v\n", err)
		code = exitFailed
		if answer := kong.ExitCoder(nil); errors.As(err, &answer) {
			code = answer.ExitCode()
		}
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	return code
}
