// Package overhttp is what the services' clients over HTTP do alike.
package overhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"lockstep/wasmclient/remote"
)

// Wrap puts something around what sends requests, such as a signer.
type Wrap = func(next http.RoundTripper) http.RoundTripper

// NewClient returns a client for one server that keeps up to that many idle connections
// (0: the standard library's default), and what they are of. It follows no redirects: a
// redirected POST would turn into a GET. Each of wraps goes around those before it.
func NewClient(idle int, wraps ...Wrap) (*http.Client, *http.Transport) {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: idle,
		IdleConnTimeout:     2 * time.Second, // servers keep idle ones for 5 s and more
	}
	var way http.RoundTripper = transport
	for _, wrap := range wraps {
		way = wrap(way)
	}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     way,
	}, transport
}

// Request is a request to a server at Base.
type Request struct {
	Method, Base, Path string
	Key                string // the idempotency key, "" for none
	Body               any    // is sent as JSON; nil for none
}

// Send sends a request, once (net/http itself repeats what has a key, or is a GET, on a
// connection that was just closed). The answer's body is to be closed. Errors: a
// *remote.Error, InDoubt only if something can have been sent.
func Send(ctx context.Context, client *http.Client, r Request) (*http.Response, error) {
	var connected atomic.Bool // before that nothing can have been sent
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	out, err := r.build(traced)
	if err != nil {
		return nil, &remote.Error{Message: err.Error(), Err: err}
	}
	response, err := client.Do(out)
	if err == nil {
		return response, nil
	}
	lost := remote.Lost(ctx, r.Base, errors.Unwrap(err)) // without method and URL, which it names already
	if !connected.Load() {
		lost.InDoubt = false
		if network := new(net.OpError); ctx.Err() == nil && !errors.As(err, &network) { // a wrap's refusal, TLS
			lost.Message, lost.Passing = fmt.Sprintf("%s: not sent: %v", r.Base, errors.Unwrap(err)), false
		}
	}
	return nil, lost
}

func (r Request) build(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if r.Body != nil {
		text, err := json.Marshal(r.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	out, err := http.NewRequestWithContext(ctx, r.Method, r.Base+r.Path, body)
	if err != nil {
		return nil, err
	}
	if r.Body != nil {
		out.Header.Set("Content-Type", "application/json")
	}
	if r.Key != "" {
		out.Header.Set("Idempotency-Key", r.Key)
	}
	return out, nil
}

// Passing says whether an answer is a refusal that may not be one another time, and how
// long the server wants to be left alone until then, an hour at most.
func Passing(response *http.Response) (passing bool, after time.Duration) {
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
			after = time.Duration(min(seconds, 3600)) * time.Second
		}
		return true, after
	}
	return false, 0
}
