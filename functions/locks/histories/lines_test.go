package histories_test

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// lines is what was seen of a namespace: its views in the order of the store, but for
// those of which nobody had an answer; and what callers were told that they hold.
type lines struct {
	mu     sync.Mutex
	views  map[int64]lease.View // by version
	grants []held               // that callers were told of
}

func (l *lines) saw(view lease.View) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.views == nil {
		l.views = map[int64]lease.View{}
	}
	l.views[view.Version] = view
}

func (l *lines) told(h held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grants = append(l.grants, h)
}

// requireOrder requires that for each endpoint tokens grew from grant to grant, that
// no lease ever had two, and that nobody was told to hold what was not granted.
func (l *lines) requireOrder(t *testing.T) {
	t.Helper()
	last := map[string]int64{}             // the token of the last grant, by endpoint
	granted := map[string]map[int64]bool{} // all of them
	for _, version := range slices.Sorted(maps.Keys(l.views)) {
		view := l.views[version]
		for _, e := range view.Entries {
			if !view.Granted(e) {
				continue
			}
			for _, key := range e.Keys {
				require.GreaterOrEqual(t, e.Ticket, last[key], "a token of %s is lower than that of the grant before", key)
				last[key] = e.Ticket
				if granted[key] == nil {
					granted[key] = map[int64]bool{}
				}
				granted[key][e.Ticket] = true
			}
		}
	}
	tokens := map[string]int64{}
	for _, h := range l.grants {
		if before, known := tokens[h.Lease]; known {
			require.Equal(t, before, h.Token, "a lease got another token")
		}
		tokens[h.Lease] = h.Token
		for _, key := range h.Endpoints {
			require.True(t, granted[key][h.Token], "%s was told to be granted to %d", key, h.Token)
		}
	}
}

// requireExpiring requires that whatever is left there expires.
func requireExpiring(t *testing.T, view lease.View, longest time.Duration) {
	t.Helper()
	for _, e := range view.Entries {
		require.False(t, e.Expires.IsZero(), "%v stands for ever", e)
		require.Less(t, time.Until(e.Expires), longest, "%v stands for too long", e)
	}
}
