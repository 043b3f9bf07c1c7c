//go:build !js

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"lockstep/shared/sigv4"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/wasmclient/compute"
	"lockstep/wasmclient/compute/overhttp"
)

// Where a compute service of one's own is, and how long it is waited for.
const (
	localCompute   = "http://127.0.0.1:8084"
	computeTimeout = 30 * time.Second
)

// computeService is the compute service that a command talks to.
type computeService struct {
	URL string `placeholder:"URL" help:"Where the service is; http://127.0.0.1:8084 by default."`
	signing
	Timeout *time.Duration `placeholder:"DURATION" help:"How long to wait for an answer; 30s by default."`
}

func (c computeService) base() (string, error) {
	return oldapi.ParseBase(cmp.Or(c.URL, localCompute))
}

func (c computeService) validate() error {
	if c.patience() <= 0 {
		return errors.New("--timeout must be above 0")
	}
	_, err := c.base()
	return err
}

// client returns a client of the service, to be closed.
func (c computeService) client(ctx context.Context) (*overhttp.Client, error) {
	base, err := c.base()
	if err != nil {
		return nil, err
	}
	return c.dial(ctx, base, sigv4.RESTAPI)
}

// dial returns a client of the server at base, for which requests are signed as for that
// service of AWS, if they are to be.
func (c computeService) dial(ctx context.Context, base, service string) (*overhttp.Client, error) {
	if !c.Sign {
		return overhttp.New(base), nil
	}
	signer, err := sigv4.Load(ctx, service)
	if err != nil {
		return nil, err
	}
	return overhttp.New(base, signer.Wrap), nil
}

func (c computeService) patience() time.Duration { return or(c.Timeout, computeTimeout) }

// within returns the context of a call, which ends after the timeout.
func (c computeService) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, c.patience(), fmt.Errorf("not answered within %s", c.patience()))
}

// advised adds to an error what can be done about it.
func (c computeService) advised(err error) error {
	failed := new(compute.Error)
	if errors.As(err, &failed) && failed.Unreachable && isHere(cmp.Or(c.URL, localCompute)) {
		return fmt.Errorf("%w; `make run` starts a service here", err)
	}
	return err
}

// isHere says whether a URL is of this machine.
func isHere(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (strings.EqualFold(u.Hostname(), "localhost") || net.ParseIP(u.Hostname()).IsLoopback())
}

// asUser is who asks.
type asUser struct {
	User string `placeholder:"0123" help:"Who asks: 4 digits; 0000 by default."`
}

func (u asUser) user() compute.User { return cmp.Or(compute.User(u.User), "0000") }
