// Package overhttp carries the calls of a synchronized query over net/http.
package overhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
)

// Transport implements oldapi.Transport. Safe for concurrent use.
type Transport struct {
	base   string
	name   string
	client *http.Client
}

var _ oldapi.Transport = (*Transport)(nil)

// Wrap puts something around what sends requests, such as a signer.
type Wrap func(next http.RoundTripper) http.RoundTripper

// New returns a transport to the server at base, as oldapi.ParseBase returns it.
// The client names itself in the header X-Client, unless name is empty. Pooled
// says whether connections are kept for further calls. Each of wraps goes around
// those before it; a request that one of them refuses was not sent.
func New(base, name string, pooled bool, wraps ...Wrap) *Transport {
	var way http.RoundTripper = &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		DisableKeepAlives:   !pooled,
		MaxIdleConnsPerHost: oldapi.MaxInFlight,
		// A request on a connection that the server is just closing is a lost
		// answer; servers keep idle ones for 5 s and more.
		IdleConnTimeout: 2 * time.Second,
	}
	for _, wrap := range wraps {
		way = wrap(way)
	}
	return &Transport{base: base, name: name, client: &http.Client{
		// A redirected POST would turn into a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     way,
	}}
}

// Do implements oldapi.Transport. net/http repeats no POST, PUT or DELETE that it
// has begun to write.
func (t *Transport) Do(ctx context.Context, r oldapi.Request) (oldapi.Response, error) {
	var connected atomic.Bool // before that nothing can have been sent
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := http.NewRequestWithContext(ctx, r.Method, t.base+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return oldapi.Response{}, fmt.Errorf("%w: %w", syncquery.ErrUnreachable, err)
	}
	if t.name != "" {
		request.Header.Set("X-Client", t.name)
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := t.client.Do(request)
	switch {
	case err != nil && !connected.Load():
		return oldapi.Response{}, notSent(err)
	case err != nil:
		return oldapi.Response{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, oldapi.MaxBody))
	return oldapi.Response{Status: response.StatusCode, Body: body}, err
}

// notSent says why a request never left. Where a connection can't be made at once
// there is no server; in all other cases another try may succeed.
func notSent(err error) error {
	var network *net.OpError
	if errors.As(err, &network) && network.Op == "dial" && !network.Timeout() && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: %w", syncquery.ErrUnreachable, network)
	}
	return fmt.Errorf("%w: %w", syncquery.ErrNotDone, err)
}
