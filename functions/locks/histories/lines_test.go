package histories_test

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// lines is what was seen of a namespace: its views in the order of the store, but for
// those that no answer told of; and what callers were told that they hold.
type lines struct {
	mu     sync.Mutex
	views  map[int64]lease.View // by version
	grants []held
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

// requireOrder requires that for each endpoint tokens grew from grant to grant, in the
// order of the store; and that nobody was told to hold what was not granted, or was
// told of two tokens for one lease.
func (l *lines) requireOrder(t *testing.T) {
	t.Helper()
	granted := l.grantedTokens(t)
	tokens := map[string]int64{}
	for _, h := range l.grants {
		if token, known := tokens[h.Lease]; known {
			require.Equal(t, token, h.Token, "a lease has two tokens")
		}
		tokens[h.Lease] = h.Token
		for _, key := range h.Endpoints {
			require.Contains(t, granted[key], h.Token, "somebody was told to hold %s", key)
		}
	}
}

// grantedTokens returns the tokens of all grants that were seen, by endpoint, in the
// order of the store.
func (l *lines) grantedTokens(t *testing.T) map[string][]int64 {
	t.Helper()
	granted := map[string][]int64{}
	for _, version := range slices.Sorted(maps.Keys(l.views)) {
		view := l.views[version]
		for _, e := range view.Entries {
			if !view.Granted(e) {
				continue
			}
			for _, key := range e.Keys {
				last := int64(0)
				if n := len(granted[key]); n > 0 {
					last = granted[key][n-1]
				}
				require.GreaterOrEqual(t, e.Ticket, last, "%s was granted with a lower token", key)
				if e.Ticket > last {
					granted[key] = append(granted[key], e.Ticket)
				}
			}
		}
	}
	return granted
}
