package histories_test

import (
	"crypto/rand"
	"encoding/json"
	mrand "math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/shared/lease"
	"lockstep/shared/need"
	"lockstep/shared/operation"
)

// bank is two accounts behind two endpoints; together they hold 100.
type bank struct {
	t     *testing.T
	start func() *locks.Service // a process of its own

	transfers, refused, seen atomic.Int64
}

const (
	inTheBank = 100
	writers   = 4
	readers   = 2
	transfers = 12 // that each writer gets through
)

// teller is somebody with a process.
type teller struct {
	bank  *bank
	ops   map[string]operation.Operation
	lease struct {
		Secret string `json:"lease"`
		ID     string `json:"id"`
		Token  int64  `json:"token"`
	}
}

func (b *bank) teller() *teller {
	t := &teller{bank: b, ops: map[string]operation.Operation{}}
	for _, o := range b.start().Operations() {
		t.ops[o.Name] = o
	}
	return t
}

func (t *teller) call(name string, r operation.Request, body, answer any) int {
	if body != nil {
		r.Body, _ = json.Marshal(body)
	}
	token, _ := json.Marshal(t.lease.Token)
	if r.Header == nil {
		r.Header = map[string]string{"lease": t.lease.Secret, "fencing-token": string(token)}
	}
	got := t.ops[name].Handle(t.bank.t.Context(), r)
	if answer != nil && got.Status < 300 {
		if err := json.Unmarshal(got.Body, answer); err != nil {
			t.bank.t.Error(err)
		}
	}
	return got.Status
}

// breakOwn loses the teller's lease: an operator breaks it.
func (t *teller) breakOwn() {
	t.call("break", operation.Request{Path: map[string]string{"id": t.lease.ID}, Header: map[string]string{"x-operator": "auditor"}}, nil, nil)
}

// balance reads an account under the teller's lease.
func (t *teller) balance(endpoint string, id int64) (amount int, ok bool) {
	var answer struct {
		State string `json:"state"`
	}
	r := operation.Request{Path: map[string]string{"endpoint": endpoint, "id": strconv.FormatInt(id, 10)}}
	r.Header = map[string]string{"lease": t.lease.Secret}
	if t.call("resource", r, nil, &answer) != 200 {
		return 0, false
	}
	amount, err := strconv.Atoi(answer.State)
	return amount, err == nil
}

// transfer moves money, unless its lease is lost on the way. A lease that is
// forgotten is left to expire.
func (t *teller) transfer() (done bool) {
	t.lease.Secret = ""
	ttl := 10_000
	forget := mrand.N(12) == 0
	if forget {
		ttl = 100
	}
	body := map[string]any{"endpoints": []string{"a", "b"}, "owner": "teller", "ttl_ms": ttl, "wait_ms": 20_000}
	if t.call("acquire", operation.Request{Header: map[string]string{}}, body, &t.lease) != 201 {
		return false
	}
	if !forget {
		defer t.call("release", operation.Request{}, nil, nil)
	}
	a, okA := t.balance("a", 0)
	if mrand.N(5) == 0 {
		t.breakOwn() // while it is paused
	}
	b, okB := t.balance("b", 1)
	if !okA || !okB || forget {
		return false
	}
	if mrand.N(5) == 0 {
		t.breakOwn()
	}
	amount := mrand.N(20) - 10
	states := map[string]string{"0": strconv.Itoa(a - amount), "1": strconv.Itoa(b + amount)}
	return t.call("write", operation.Request{}, map[string]any{"states": states}, nil) == 200
}

// audit reads both accounts in one moment.
func (t *teller) audit() {
	var answer struct {
		States map[int64]string `json:"states"`
	}
	if t.call("query", operation.Request{}, map[string]any{"resources": []int64{0, 1}, "wait_ms": 20_000}, &answer) != 200 {
		return
	}
	a, errA := strconv.Atoi(answer.States[0])
	b, errB := strconv.Atoi(answer.States[1])
	if errA != nil || errB != nil || a+b != inTheBank {
		t.bank.t.Errorf("an auditor sees %v, which is not %d together", answer.States, inTheBank)
	}
	t.bank.seen.Add(1)
}

func (b *bank) open() {
	t := b.teller()
	for name, id := range map[string]int64{"a": 0, "b": 1} {
		r := operation.Request{Path: map[string]string{"endpoint": name}}
		require.Equal(b.t, 200, t.call("put-endpoint", r, map[string]any{"resources": []int64{id}}, nil))
	}
	body := map[string]any{"endpoints": []string{"a", "b"}, "owner": "founder", "ttl_ms": 10_000, "wait_ms": 0}
	require.Equal(b.t, 201, t.call("acquire", operation.Request{Header: map[string]string{}}, body, &t.lease))
	require.Equal(b.t, 200, t.call("write", operation.Request{}, map[string]any{"states": map[string]string{"0": "50", "1": "50"}}, nil))
	require.Equal(b.t, 204, t.call("release", operation.Request{}, nil, nil))
}

// TestBankTransfer: whoever reads both accounts in one moment sees all the money,
// though leases are broken and forgotten in the middle of transfers.
func TestBankTransfer(t *testing.T) {
	t.Parallel()
	banks := map[string]func(*testing.T) func() *locks.Service{
		"memory": func(*testing.T) func() *locks.Service {
			m := locks.NewMemory()
			return func() *locks.Service {
				return &locks.Service{Store: m, Leases: lease.New(&m.Leases, lease.Options{})}
			}
		},
		"dynamodb": func(t *testing.T) func() *locks.Service {
			client, namespace := need.DynamoDB(t), rand.Text()
			return func() *locks.Service {
				return (&dynamo.Store{Client: client, Tables: dynamo.LogicalTables(), Namespace: namespace}).Service(0, 0)
			}
		},
	}
	for name, open := range banks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bank{t: t, start: open(t)}
			b.open()
			b.run()
			t.Logf("%d transfers, %d lost on the way, %d audits", b.transfers.Load(), b.refused.Load(), b.seen.Load())
			require.EqualValues(t, writers*transfers, b.transfers.Load())
			require.Positive(t, b.refused.Load())
			require.Positive(t, b.seen.Load())
		})
	}
}

func (b *bank) run() {
	var working, all sync.WaitGroup
	over := make(chan struct{})
	for range writers {
		working.Go(func() {
			for t, done := b.teller(), 0; done < transfers; {
				if t.transfer() {
					b.transfers.Add(1)
					done++
				} else {
					b.refused.Add(1)
				}
			}
		})
	}
	for range readers {
		all.Go(func() {
			for t := b.teller(); ; {
				select {
				case <-over:
					return
				default:
					t.audit()
				}
			}
		})
	}
	working.Wait()
	close(over)
	all.Wait()
}
