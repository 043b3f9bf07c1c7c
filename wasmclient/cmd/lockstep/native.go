//go:build !js

package main

import (
	"context"
	"crypto/rand"
	"os/signal"
	"syscall"

	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overhttp"
)

// nativeCommands are those that need net/http.
type nativeCommands struct {
	Oldserver oldserverCommand `cmd:"" help:"Run a server of the old API with the flaws that real ones have."`
}

func transport(base, name string, pooled bool) oldapi.Transport {
	if name == "" {
		name = rand.Text()
	}
	return overhttp.New(base, name, pooled)
}

// interruptible returns a context that SIGINT and SIGTERM end. A second signal
// ends the process.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
