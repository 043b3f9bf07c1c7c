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

// New returns a transport to the server at base, as oldapi.ParseBase returns it.
// The client names itself in the header X-Client, unless name is empty. Pooled
// says whether connections are kept for further calls.
func New(base, name string, pooled bool) *Transport {
	return &Transport{base: base, name: name, client: &http.Client{
		// A redirected POST would turn into a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			DisableKeepAlives:   !pooled,
			MaxIdleConnsPerHost: oldapi.MaxInFlight,
			// A request on a connection that the server is just closing is a lost
			// answer; servers keep idle ones for 5 s and more.
			IdleConnTimeout: 2 * time.Second,
		},
	}}
}

// Do implements oldapi.Transport. net/http repeats no POST, PUT or DELETE that it
// has begun to write.
func (t *Transport) Do(ctx context.Context, r oldapi.Request) (oldapi.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, t.base+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return oldapi.Response{}, fmt.Errorf("%w: %w", syncquery.ErrUnreachable, err)
	}
	if t.name != "" {
		request.Header.Set("X-Client", t.name)
	}
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := t.client.Do(request)
	if err != nil {
		return oldapi.Response{}, sent(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, oldapi.MaxBody))
	return oldapi.Response{Status: response.StatusCode, Body: body}, err
}

// sent marks the errors that mean that nothing was sent, as no connection came
// about. If that took too long the server is busy; else there is none.
func sent(err error) error {
	var network *net.OpError
	switch {
	case !errors.As(err, &network) || network.Op != "dial":
		return err
	case network.Timeout():
		return fmt.Errorf("%w: %w", syncquery.ErrNotDone, network)
	default:
		return fmt.Errorf("%w: %w", syncquery.ErrUnreachable, network)
	}
}
