package leaseapi_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/leaseapi"
	"lockstep/shared/syncquery/oldapi"
)

// scripted answers one request after the other and remembers them.
type scripted struct {
	answers []oldapi.Response
	err     error
	asked   []oldapi.Request
}

func (s *scripted) Do(_ context.Context, r oldapi.Request) (oldapi.Response, error) {
	s.asked = append(s.asked, r)
	if s.err != nil {
		return oldapi.Response{}, s.err
	}
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return answer, nil
}

func answers(status int, body string) *scripted {
	return &scripted{answers: []oldapi.Response{{Status: status, Body: []byte(body)}}}
}

const html = "<!doctype html><title>404 Not Found</title>"

func TestItFindsOutWhoseServerItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"ours":                             {200, `{"status":"ok","version":"1"}`, true},
		"an old one":                       {404, html, false},
		"an old one that allows no GET":    {405, html, false},
		"an old one that stumbles over it": {500, html, false},
		"one that answers everything":      {200, html, false},
		"somebody else's health":           {200, `{"status":"UP"}`, false},
		"one that wants a signature":       {403, `{"message":"Missing Authentication Token"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := leaseapi.New(answers(c.status, c.body)).ReadsTogether(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	for name, s := range map[string]*scripted{"no answer": {err: errors.New("reset")}, "busy": answers(503, ""), "a gateway": answers(502, "")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := leaseapi.New(s).ReadsTogether(t.Context())
			require.Error(t, err, "it may be ours all the same")
		})
	}
}

func TestReadTogether(t *testing.T) {
	t.Parallel()
	s := answers(200, `{"states":{"1":"x","30":"y"},"endpoints":["a","b"],"token":7,"read_at":"2026-11-21T00:00:00.000Z"}`)
	client := leaseapi.New(s)
	got, err := client.ReadTogether(t.Context(), []int64{1, 30}, time.Hour)
	require.NoError(t, err)
	require.Equal(t, map[int64]string{1: "x", 30: "y"}, got)
	require.Equal(t, "POST", s.asked[0].Method)
	require.Equal(t, "/query", s.asked[0].Path)
	require.JSONEq(t, `{"resources":[1,30],"wait_ms":25000}`, string(s.asked[0].Body), "no longer than the server allows")
	require.EqualValues(t, 1, client.Calls())
	require.EqualValues(t, 2, client.Locks())
}

func TestReadTogetherInVain(t *testing.T) {
	t.Parallel()
	read := func(s *scripted) error {
		_, err := leaseapi.New(s).ReadTogether(t.Context(), []int64{1}, time.Second)
		return err
	}
	var unknown *syncquery.UnknownResourcesError
	require.ErrorAs(t, read(answers(404, `{"error":"no endpoint serves 1","resources":[1]}`)), &unknown)
	require.Equal(t, []int64{1}, unknown.Resources)
	require.ErrorIs(t, read(answers(503, `{"error":"others hold the endpoints"}`)), syncquery.ErrNotDone)
	require.ErrorIs(t, read(answers(504, "")), syncquery.ErrAnswerLost)
	require.ErrorIs(t, read(&scripted{err: errors.New("reset")}), syncquery.ErrAnswerLost)
	require.ErrorContains(t, read(answers(400, `{"error":"resources are behind 101 endpoints"}`)), "101 endpoints")
	require.Error(t, read(answers(404, html)))
	require.Error(t, read(answers(200, html)))
}

func TestLeasesOfAllPages(t *testing.T) {
	t.Parallel()
	s := &scripted{answers: []oldapi.Response{
		{Status: 200, Body: []byte(`{"leases":[{"id":"a","token":1}],"locks":[{"endpoint":"x","token":3}],"cursor":1}`)},
		{Status: 200, Body: []byte(`{"leases":[{"id":"b","token":2,"place":1}]}`)},
	}}
	all, locks, err := leaseapi.New(s).Leases(t.Context())
	require.NoError(t, err)
	require.Equal(t, []leaseapi.Lock{{Endpoint: "x", Token: 3}}, locks)
	require.Equal(t, []leaseapi.Lease{{ID: "a", Token: 1}, {ID: "b", Token: 2, Place: 1}}, all)
	require.Equal(t, "/leases?cursor=1", s.asked[1].Path)
}

func TestBreak(t *testing.T) {
	t.Parallel()
	s := answers(200, `{"id":"a b","owner":"me","endpoints":["x"],"token":1}`)
	broken, err := leaseapi.New(s).Break(t.Context(), "a b", "bob")
	require.NoError(t, err)
	require.Equal(t, "me", broken.Owner)
	require.Equal(t, "/leases/a%20b/break", s.asked[0].Path)
	require.Equal(t, map[string]string{"X-Operator": "bob"}, s.asked[0].Header)
	_, err = leaseapi.New(answers(404, `{"error":"there is no such lease, or not any more"}`)).Break(t.Context(), "a", "bob")
	require.ErrorIs(t, err, leaseapi.ErrLeaseNotFound)
}
