package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
)

// ErrNotLocked tells that nobody has locked the key.
var ErrNotLocked = errors.New("lease: the key is not locked")

// lockPrefix begins the ids of locks.
const lockPrefix = "lock-"

// IsLock says whether the entry is a lock: of one key, without an owner.
func (e Entry) IsLock() bool { return strings.HasPrefix(e.ID, lockPrefix) }

// Lock takes a key for nobody in particular, as old clients want it: without an
// owner and, if limit is 0, without an end. It does not wait.
// Errors: a *HeldError, ErrBusy, ErrUnknown, the store's.
func (l *Leaser) Lock(ctx context.Context, key string, limit time.Duration) (Entry, error) {
	e := Entry{ID: lockPrefix + PublicID(key), Keys: []string{key}, Nonce: rand.Text()[:nonceLength], Since: Milliseconds(l.now())}
	if limit > 0 {
		e.Expires = Milliseconds(l.now().Add(limit))
	}
	e.Weight = e.weigh()
	e, _, err := l.take(ctx, e)
	return e, err
}

// Unlock frees a key that was locked by Lock, whoever did it. A repeat that finds
// its own work done says so; if somebody else was faster, it is ErrNotLocked.
// Errors: ErrNotLocked; a *HeldError if a lease holds the key; the store's.
func (l *Leaser) Unlock(ctx context.Context, key string) error {
	id, mine := lockPrefix+PublicID(key), EndedUnlocked+rand.Text()
	for {
		e, view, err := l.find(ctx, id)
		switch {
		case errors.Is(err, ErrNotFound), err == nil && e.Expired(l.now()):
			return notLocked(view, key)
		case err != nil:
			return err
		}
		o := l.do(ctx, plain, Change{Kind: Remove, Entry: e, Reason: mine})
		switch how := o.view.Ended[e.Ticket]; {
		case !errors.Is(o.err, errRefused):
			return o.err
		case !o.repeated: // it was freed since, and perhaps locked again: whatever lock there is, is freed
		case strings.HasPrefix(how, EndedUnlocked) && how != mine:
			return ErrNotLocked
		default:
			return nil // it stood when we came, and is gone: by our lost attempt, for all we know
		}
	}
}

// notLocked says why there is no lock to free.
func notLocked(view View, key string) error {
	for _, e := range view.Ahead(Entry{Keys: []string{key}}) {
		if !e.IsLock() && view.Granted(e) {
			return held(Entry{Keys: []string{key}}, e)
		}
	}
	return ErrNotLocked
}

// WantedKeys returns the keys that anybody holds or waits for at that time, so that
// Lock would be refused.
func (v View) WantedKeys(now time.Time) map[string]bool {
	wanted := map[string]bool{}
	for _, e := range v.Entries {
		if !e.Expired(now) {
			for _, key := range e.Keys {
				wanted[key] = true
			}
		}
	}
	return wanted
}

// Locked says whether the key is locked by Lock at that time.
func (v View) Locked(key string, now time.Time) bool {
	e, stands := v.Find(lockPrefix + PublicID(key))
	return stands && !e.Expired(now) && v.Granted(e)
}
