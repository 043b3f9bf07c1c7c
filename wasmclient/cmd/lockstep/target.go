package main

import (
	"context"

	"lockstep/shared/syncquery/leaseapi"
	"lockstep/shared/syncquery/oldapi"
)

// target is the server that a command talks to.
type target struct {
	URL string `required:"" placeholder:"URL" help:"Where the server is, as in http://127.0.0.1:8081."`
	identity
}

// Validate is called by the parser, before anything runs.
func (t target) Validate() error { return validateURL(t.URL) }

// server returns a client of the target.
func (t target) server(ctx context.Context, pooled bool) (leaseapi.Client, error) {
	return t.dial(ctx, t.URL, pooled)
}

// validateURL checks a server's address; without one the parser says that the flag is
// missing, or it need not be there.
func validateURL(url string) error {
	if url == "" {
		return nil
	}
	_, err := oldapi.ParseBase(url)
	return err
}

// identity is who a command says that it is.
type identity struct {
	Name string `placeholder:"NAME" help:"How this client names itself to the server (X-Client); random by default."`
	signing
}

// dial returns a client of the server at the URL.
func (i identity) dial(ctx context.Context, url string, pooled bool) (leaseapi.Client, error) {
	base, err := oldapi.ParseBase(url)
	if err != nil {
		return leaseapi.Client{}, err
	}
	transport, err := i.transport(ctx, base, pooled)
	if err != nil {
		return leaseapi.Client{}, err
	}
	return leaseapi.New(transport), nil
}
