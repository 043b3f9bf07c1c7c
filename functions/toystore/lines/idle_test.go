package lines_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/lines"
)

func TestAnIdleConnectionIsClosedAfterAMinute(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(t *testing.T, c *client)
		open time.Duration
	}{
		"from its beginning": {func(*testing.T, *client) {}, time.Minute},
		"from its last request": {func(t *testing.T, c *client) {
			for range 3 {
				time.Sleep(40 * time.Second)
				require.Equal(t, "-1\n", c.ask(t, "Query: Cat"))
			}
		}, 3*40*time.Second + time.Minute},
		"whatever parts of a line come": {func(t *testing.T, c *client) {
			for range 5 {
				time.Sleep(10 * time.Second)
				c.tell(t, "Q")
			}
		}, time.Minute},
		"not while a request takes long": {func(t *testing.T, c *client) {
			require.Equal(t, "25.99\n", c.ask(t, "Query: Tux")) // an hour
		}, time.Hour + time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				stop := serve(&lines.Server{Service: shop(t, hourForTux)}, l)
				client, begin := l.dial(), time.Now()
				c.do(t, client)
				client.hearEnd(t)
				require.Equal(t, c.open, time.Since(begin)) // the bubble's clock: exact
				require.NoError(t, stop())
			})
		})
	}
}

func hourForTux(_ context.Context, toy string) error {
	if toy == "Tux" {
		time.Sleep(time.Hour) // of the bubble
	}
	return nil
}
