//go:build !js

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"lockstep/shared/syncquery/oldapi"
	"lockstep/wasmclient/toystore"
	"lockstep/wasmclient/toystore/overgrpc"
	"lockstep/wasmclient/toystore/overhttp"
	"lockstep/wasmclient/toystore/overtcp"
)

type toystoreCommand struct {
	Query toystoreQuery `cmd:"" help:"Ask for toys: what they cost, and how many there are."`
	Buy   toystoreBuy   `cmd:"" help:"Buy a toy."`
	List  toystoreList  `cmd:"" help:"List the toys by name."`
	Put   toystorePut   `cmd:"" help:"For operators: create a toy, or set its price and its stock."`
	Load  toystoreLoad  `cmd:"" help:"Measure how long requests take, by protocol and number of clients."`
}

// Where a toy store of one's own is.
const (
	localStore      = "http://127.0.0.1:8082"
	localStoreLines = "127.0.0.1:8083"
)

// Exit codes of answers, which scripts may want to tell from failures.
const (
	exitOutOfStock = 3
	exitNoSuchToy  = 4
)

// exitCodes is part of the help of commands that have them.
const exitCodes = "Exit codes: 0 yes; 1 failed; 2 wrong arguments; 3 out of stock; 4 there is no such toy."

// unwelcome is an answer that is not the one that was hoped for.
type unwelcome struct {
	error
	code int
}

// ExitCode implements kong.ExitCoder.
func (u unwelcome) ExitCode() int { return u.code }

// store is the toy store that a command talks to over HTTP.
type store struct {
	URL string `placeholder:"URL" help:"Where the store is; http://127.0.0.1:8082 by default."`
	signing
	Timeout time.Duration `default:"30s" help:"How long to try."`
}

func (s store) validate() error {
	if s.Timeout <= 0 {
		return errors.New("--timeout must be above 0")
	}
	_, err := oldapi.ParseBase(cmp.Or(s.URL, localStore))
	return err
}

func (s store) http(ctx context.Context) (func() *overhttp.Client, error) {
	base, err := oldapi.ParseBase(cmp.Or(s.URL, localStore))
	if err != nil {
		return nil, err
	}
	if !s.Sign {
		return func() *overhttp.Client { return overhttp.New(base) }, nil
	}
	signer, err := s.signer(ctx)
	if err != nil {
		return nil, err
	}
	return func() *overhttp.Client { return overhttp.New(base, signer.Wrap) }, nil
}

// within returns the context of a command, which ends after its timeout.
func (s store) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.Timeout, fmt.Errorf("not answered within %s", s.Timeout))
}

// ways are where the store is over each protocol.
type ways struct {
	store
	Address string `placeholder:"HOST:PORT" help:"Where the store is over tcp; 127.0.0.1:8083 by default."`
}

// check says which flags don't go with the protocols in use.
func (w ways) check(protocols ...string) error {
	used := map[string]bool{}
	for _, p := range protocols {
		used[p] = true
	}
	switch {
	case w.Address != "" && !used["tcp"]:
		return errors.New("--address is for tcp; for http and grpc give --url")
	case w.URL != "" && !used["http"] && !used["grpc"]:
		return errors.New("--url is for http and grpc; for tcp give --address")
	case w.Sign && !used["http"]:
		return errors.New("--sign is for http")
	}
	if _, _, err := net.SplitHostPort(cmp.Or(w.Address, localStoreLines)); err != nil {
		return fmt.Errorf("address %q is not of the form host:port", w.Address)
	}
	return w.validate()
}

// dial returns what makes clients of a protocol.
func (w ways) dial(ctx context.Context) (func(protocol string) toystore.Client, error) {
	http, err := w.http(ctx)
	if err != nil {
		return nil, err
	}
	base, err := oldapi.ParseBase(cmp.Or(w.URL, localStore))
	if err != nil {
		return nil, err
	}
	return func(protocol string) toystore.Client {
		switch protocol {
		case "tcp":
			return overtcp.New(cmp.Or(w.Address, localStoreLines))
		case "grpc":
			return overgrpc.New(base)
		default:
			return http()
		}
	}, nil
}

// way is where the store is over one protocol.
type way struct {
	Protocol string `default:"http" enum:"http,grpc,tcp" help:"How to talk: ${enum}."`
	ways
}

// Validate is called by the parser, before anything runs.
func (w way) Validate() error { return w.check(w.Protocol) }

// client returns a client that repeats what may be repeated.
func (w way) client(ctx context.Context) (toystore.Client, error) {
	dial, err := w.dial(ctx)
	if err != nil {
		return nil, err
	}
	return toystore.Patient{Client: dial(w.Protocol)}, nil
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
