package oldapi_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
)

// scripted answers every call the same way and remembers the last request.
type scripted struct {
	response oldapi.Response
	err      error
	last     oldapi.Request
}

func (s *scripted) Do(_ context.Context, r oldapi.Request) (oldapi.Response, error) {
	s.last = r
	return s.response, s.err
}

const html = "<!doctype html><title>404 Not Found</title>"

var calls = map[string]func(context.Context, *oldapi.Client) error{
	"registry": func(ctx context.Context, c *oldapi.Client) error { _, err := c.Registry(ctx); return err },
	"lock":     func(ctx context.Context, c *oldapi.Client) error { return c.Lock(ctx, "a") },
	"unlock":   func(ctx context.Context, c *oldapi.Client) error { return c.Unlock(ctx, "a") },
	"read":     func(ctx context.Context, c *oldapi.Client) error { _, err := c.Read(ctx, "a", 1); return err },
}

func TestAnswersBecomeErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		call   string
		status int
		body   string
		want   error // nil: an error that no retry mends
	}{
		{"lock", 403, `{"error": "'a' is already locked"}`, syncquery.ErrAlreadyLocked},
		{"lock", 404, html, syncquery.ErrEndpointNotFound},
		{"lock", 405, html, nil},
		{"lock", 302, "", nil},
		{"unlock", 403, `{"error": "'a' is already unlocked"}`, syncquery.ErrAlreadyUnlocked},
		{"unlock", 404, html, syncquery.ErrEndpointNotFound},
		{"read", 403, `{"error": "'a' must be locked to access its state"}`, syncquery.ErrNotLocked},
		{"read", 404, `{"error": "'a' does not expose resource '1'"}`, syncquery.ErrResourceNotServed},
		{"read", 200, `{"state": 1}`, nil},
		{"read", 200, `{}`, nil},
		{"read", 200, html, nil},
		{"registry", 404, html, nil},
		{"registry", 200, html, nil},
		{"registry", 200, `{"a": `, nil},
		{"lock", 429, "", syncquery.ErrNotDone},
		{"unlock", 500, html, syncquery.ErrNotDone},
		{"read", 503, html, syncquery.ErrNotDone},
		{"lock", 502, html, syncquery.ErrAnswerLost},
		{"unlock", 504, html, syncquery.ErrAnswerLost},
	} {
		t.Run(fmt.Sprint(c.call, " ", c.status, " ", c.body), func(t *testing.T) {
			t.Parallel()
			client := oldapi.New(&scripted{response: oldapi.Response{Status: c.status, Body: []byte(c.body)}})
			err := calls[c.call](t.Context(), client)
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				return
			}
			for _, passing := range []error{syncquery.ErrAlreadyLocked, syncquery.ErrAlreadyUnlocked, syncquery.ErrNotDone, syncquery.ErrAnswerLost} {
				require.NotErrorIs(t, err, passing)
			}
		})
	}
}

func TestTransportErrors(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := call(t.Context(), oldapi.New(&scripted{err: errors.New("connection reset")}))
			require.ErrorIs(t, err, syncquery.ErrAnswerLost)
			require.ErrorContains(t, err, "connection reset")
			err = call(t.Context(), oldapi.New(&scripted{err: fmt.Errorf("%w: refused", syncquery.ErrUnreachable)}))
			require.ErrorIs(t, err, syncquery.ErrUnreachable)
			require.NotErrorIs(t, err, syncquery.ErrAnswerLost, "what was never sent can't have had an effect")
		})
	}
}

func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	s := &scripted{response: oldapi.Response{Status: 200, Body: []byte(`{"state": "x"}`)}}
	c := oldapi.New(s)
	require.NoError(t, c.Lock(t.Context(), "a b/../c?"))
	require.Equal(t, "/a%20b%2F..%2Fc%3F/lock", s.last.Path)
	_, err := c.Read(t.Context(), "ключ", 7)
	require.NoError(t, err)
	require.Equal(t, "/%D0%BA%D0%BB%D1%8E%D1%87/resource/7", s.last.Path)
	require.NoError(t, c.PutEndpoint(t.Context(), "a", nil))
	require.JSONEq(t, `{"resources": []}`, string(s.last.Body))
}

func TestCallsAndLocksAreCounted(t *testing.T) {
	t.Parallel()
	s := &scripted{response: oldapi.Response{Status: 200}}
	c := oldapi.New(s)
	require.NoError(t, c.Lock(t.Context(), "a"))
	s.response.Status = 403
	require.Error(t, c.Lock(t.Context(), "a"))
	require.EqualValues(t, 2, c.Calls())
	require.EqualValues(t, 1, c.Locks(), "a refused lock is none")
}

// crowd counts how many calls are under way.
type crowd struct{ enter, leave chan struct{} }

func (c crowd) Do(context.Context, oldapi.Request) (oldapi.Response, error) {
	c.enter <- struct{}{}
	<-c.leave
	return oldapi.Response{Status: 200}, nil
}

func TestCallsInFlightAreCapped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := crowd{enter: make(chan struct{}, 1000), leave: make(chan struct{})}
		client := oldapi.New(c)
		for range 200 {
			go func() { _ = client.Lock(context.Background(), "a") }()
		}
		synctest.Wait()
		require.Len(t, c.enter, oldapi.MaxInFlight)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, client.Lock(ctx, "a"), syncquery.ErrNotDone, "who gives up in the queue has done nothing")
		close(c.leave)
	})
}

func TestParseBase(t *testing.T) {
	t.Parallel()
	got, err := oldapi.ParseBase("https://x.example/v1/")
	require.NoError(t, err)
	require.Equal(t, "https://x.example/v1", got)
	for _, bad := range []string{"", "x", "127.0.0.1:8081", "ftp://x", "http://", "http://%zz", "//x", "http://x?a=1", "http://x#a", "http://u:p@x"} {
		_, err := oldapi.ParseBase(bad)
		require.ErrorContains(t, err, "url", "%q", bad)
	}
}
