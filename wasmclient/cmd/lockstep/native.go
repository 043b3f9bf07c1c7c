//go:build !js

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"os/signal"
	"syscall"

	"lockstep/shared/sigv4"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overhttp"
)

// nativeCommands are those that need net/http.
type nativeCommands struct {
	Oldserver oldserverCommand `cmd:"" help:"Run a server of the old API with the flaws that real ones have."`
	Toystore  toystoreCommand  `cmd:"" help:"Query and buy toys over TCP, gRPC or HTTP, and load-test a toy store."`
	Quote     quoteCommand     `cmd:"" help:"Have quotes of the day fetched over TCP or UDP."`
	Logins    loginsCommand    `cmd:"" help:"Print how often each user has logged in at the compute service."`
	Shop      shopCommand      `cmd:"" help:"Products and orders: create, read, list; smoke test and load test of a shop."`
}

// signing is what a target can ask for where there is net/http.
type signing struct {
	Sign bool `help:"Sign requests with the AWS credentials and the region of the environment (SigV4), as a stack with Access=Iam wants it."`
}

func (signing) signer(ctx context.Context) (*sigv4.Signer, error) {
	return sigv4.Load(ctx, sigv4.RESTAPI)
}

func (i identity) transport(ctx context.Context, base string, pooled bool) (oldapi.Transport, error) {
	name := cmp.Or(i.Name, rand.Text())
	if !i.Sign {
		return overhttp.New(base, name, pooled), nil
	}
	signer, err := i.signer(ctx)
	if err != nil {
		return nil, err
	}
	return overhttp.New(base, name, pooled, signer.Wrap), nil
}

// interruptible returns a context that SIGINT and SIGTERM end. A second signal
// ends the process.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// yield lets signals in where nothing else does; here something does.
func yield() {}
