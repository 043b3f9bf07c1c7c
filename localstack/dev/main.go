// Command dev is `make run`: the whole bundle in one process, on an embedded store
// or on DynamoDB.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"lockstep/localstack/bundle"
	"lockstep/shared/logging"
)

func main() {
	var config bundle.Config
	kong.Parse(&config, kong.Name("dev"), kong.Description("Runs Lockstep's services and its page in one process."))
	logging.Setup(os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := bundle.Run(ctx, config, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "lockstep:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be undone
	}
}
