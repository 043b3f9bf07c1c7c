package histories_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The bank transfer as a random history: with pauses, crashes, clocks that are off
// and faults.

const (
	deposit  = 50 // in each of two accounts
	movement = 150
)

// account is the state of an account: its balance, and what makes the state unlike
// all others.
func (w *world) account(balance int) string { return fmt.Sprintf("%d %s", balance, w.value()) }

func balances(t *testing.T, states map[int64]string) (sum int) {
	t.Helper()
	for id, state := range states {
		balance := 0
		_, err := fmt.Sscan(state, &balance)
		require.NoError(t, err, "account %d", id)
		sum += balance
	}
	return sum
}

// transferring is what clients of a bank do: they transfer money or query both
// accounts.
func (w *world) transferring(t *testing.T, d *dice) habits {
	return habits{
		updates: 60, queries: 40,
		few: func(of int) int { return of },
		change: func(reads map[int64]string) map[int64]string {
			amount := d.between(-20, 20)
			return map[int64]string{
				0: w.account(balances(t, map[int64]string{0: reads[0]}) - amount),
				1: w.account(balances(t, map[int64]string{1: reads[1]}) + amount),
			}
		},
	}
}

func newBank(t *testing.T, g ground) *world {
	t.Helper()
	w := newWorld(t, g, map[string][]int64{"e0": {0}, "e1": {1}})
	w.skew = 500 * time.Millisecond
	founder := &client{process: w.operator, world: w, id: -1}
	h, granted := founder.acquire("", w.endpoints(), time.Minute, 0)
	require.True(t, granted)
	founder.write(h, step{kind: write, writes: map[int64]string{0: w.account(deposit), 1: w.account(deposit)}})
	founder.release(h)
	return w
}

// requireAllTheMoney requires that nobody has seen or left another sum.
func (w *world) requireAllTheMoney(t *testing.T) {
	t.Helper()
	for _, o := range w.steps {
		if s := o.Input.(step); s.kind == query || s.kind == update && o.Output == acknowledged {
			require.Equal(t, 2*deposit, balances(t, s.reads), "%s", s)
		}
	}
	w.requireRight(t)
}

func TestTransfersInMemory(t *testing.T) {
	t.Parallel()
	seeds(t, func(t *testing.T, seed uint64) {
		t.Parallel()
		var w *world
		synctest.Test(t, func(t *testing.T) {
			defer time.Sleep(time.Minute) // until the last of the dead knows it
			w = newBank(t, inMemory())
			w.live(seed, w.transferring(t, newDice(seed, clients)), movement)
		})
		w.requireAllTheMoney(t)
	})
}

func TestTransfersOnDynamoDB(t *testing.T) {
	t.Parallel()
	w := newBank(t, onDynamoDB(t))
	w.live(*firstSeed, w.transferring(t, newDice(*firstSeed, clients)), movement)
	w.requireAllTheMoney(t)
}
