package locks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/operation"
)

// call runs an operation of the service by its name.
func call(ctx context.Context, t *testing.T, s *locks.Service, name string, r operation.Request) operation.Response {
	t.Helper()
	all := s.Operations()
	i := slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })
	require.GreaterOrEqual(t, i, 0, "no operation %s", name)
	return all[i].Handle(ctx, r)
}

func requireAnswer(t *testing.T, status int, body string, got operation.Response) {
	t.Helper()
	require.JSONEq(t, body, string(got.Body))
	require.Equal(t, status, got.Status)
}

const readTime = 100 * time.Millisecond

// service has "locked" and "free", which both serve 1 and 2, on a memory store.
func service(t *testing.T) *locks.Service {
	t.Helper()
	store := locks.NewMemory()
	for _, name := range []string{"locked", "free"} {
		require.NoError(t, store.PutEndpoint(t.Context(), name, []int64{1, 2}))
	}
	require.NoError(t, store.Lock(t.Context(), "locked"))
	return &locks.Service{Store: store, ReadTime: readTime}
}

func read(endpoint, id string) operation.Request {
	return operation.Request{Path: map[string]string{"endpoint": endpoint, "id": id}}
}

func TestResourceRefusesInOrderAndAtOnce(t *testing.T) {
	t.Parallel()
	notServed := func(endpoint, id string) string {
		return fmt.Sprintf(`{"error":"'%s' does not expose resource '%s'"}`, endpoint, id)
	}
	for name, c := range map[string]struct {
		endpoint, id string
		status       int
		want         string
	}{
		"unknown endpoint":                   {"nobody", "1", 404, `{"error":"'nobody' not found"}`},
		"unknown endpoint, id not a number":  {"nobody", "x", 404, `{"error":"'nobody' not found"}`},
		"endpoint in another case":           {"Locked", "1", 404, `{"error":"'Locked' not found"}`},
		"not served, locked":                 {"locked", "3", 404, notServed("locked", "3")},
		"not served, not locked":             {"free", "3", 404, notServed("free", "3")},
		"not a number, locked":               {"locked", "x", 404, notServed("locked", "x")},
		"not a number, not locked":           {"free", "x", 404, notServed("free", "x")},
		"no id":                              {"locked", "", 404, notServed("locked", "")},
		"a sign":                             {"locked", "+1", 404, notServed("locked", "+1")},
		"a negative number":                  {"locked", "-1", 404, notServed("locked", "-1")},
		"a fraction":                         {"locked", "1.0", 404, notServed("locked", "1.0")},
		"an exponent":                        {"locked", "1e0", 404, notServed("locked", "1e0")},
		"a hexadecimal number":               {"locked", "0x1", 404, notServed("locked", "0x1")},
		"a space":                            {"locked", " 1", 404, notServed("locked", " 1")},
		"digits of another script":           {"locked", "١", 404, notServed("locked", "١")},
		"a number above 64 bits":             {"locked", "18446744073709551617", 404, notServed("locked", "18446744073709551617")},
		"served, but the lock is not taken":  {"free", "1", 403, `{"error":"'free' must be locked to access its state"}`},
		"served too, the lock not taken yet": {"free", "2", 403, `{"error":"'free' must be locked to access its state"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, started := service(t), time.Now()
				requireAnswer(t, c.status, c.want, call(t.Context(), t, s, "resource", read(c.endpoint, c.id)))
				require.Zero(t, time.Since(started), "a refusal does not wait for the read time")
			})
		})
	}
}

func TestResourceTakesTheReadTime(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]time.Duration{"none": 0, "100 ms": readTime, "27 s": 27 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, started := service(t), time.Now()
				s.ReadTime = d
				requireAnswer(t, 200, `{"state":"initial"}`, call(t.Context(), t, s, "resource", read("locked", "2")))
				require.Equal(t, d, time.Since(started)) // the bubble's clock: exact
			})
		})
	}
}

func TestResourceChecksTheLockBeforeTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := service(t)
		time.AfterFunc(readTime/2, func() { _ = s.Store.Unlock(context.Background(), "locked") })
		requireAnswer(t, 200, `{"state":"initial"}`, call(t.Context(), t, s, "resource", read("locked", "1")))
		requireAnswer(t, 403, `{"error":"'locked' must be locked to access its state"}`, call(t.Context(), t, s, "resource", read("locked", "1")))
	})
}

func TestResourceReadsAtTheSameTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, started, answers := service(t), time.Now(), make(chan operation.Response)
		for _, id := range []string{"1", "2", "1", "2"} {
			go func() { answers <- call(t.Context(), t, s, "resource", read("locked", id)) }()
		}
		for range 4 {
			requireAnswer(t, 200, `{"state":"initial"}`, <-answers)
		}
		require.Equal(t, readTime, time.Since(started), "one read does not wait for another")
	})
}

func TestResourceEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	const over = `{"error":"the time for this request is over"}`
	t.Run("who hangs up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, started := service(t), time.Now()
			ctx, hangUp := context.WithCancel(t.Context())
			time.AfterFunc(readTime/2, hangUp)
			requireAnswer(t, 504, over, call(ctx, t, s, "resource", read("locked", "1")))
			require.Equal(t, readTime/2, time.Since(started))
		})
	})
	t.Run("whose time is over", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, started := service(t), time.Now()
			s.ReadTime = time.Hour
			requireAnswer(t, 504, over, call(t.Context(), t, s, "resource", read("locked", "1")))
			require.Equal(t, operation.DefaultTimeout, time.Since(started))
		})
	})
}

// failing is a store that is out of order.
type failing struct{ *locks.Memory }

func (failing) State(context.Context, int64) (string, error) {
	return "", errors.New("table arn:aws:dynamodb:eu-west-1:123456789012:table/States is gone")
}

func TestResourceHidesWhatTheStoreSays(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Store, s.ReadTime = failing{s.Store.(*locks.Memory)}, 0
	requireAnswer(t, 500, `{"error":"internal error"}`, call(t.Context(), t, s, "resource", read("locked", "1")))
}

// put puts an endpoint on an empty service, and returns what the registry has then.
func put(t *testing.T, name, body string) (operation.Response, map[string]locks.Endpoint) {
	t.Helper()
	s := &locks.Service{Store: locks.NewMemory()}
	got := call(t.Context(), t, s, "put-endpoint", operation.Request{Path: map[string]string{"endpoint": name}, Body: []byte(body)})
	all, err := s.Store.Registry(t.Context())
	require.NoError(t, err)
	return got, all
}

func TestPutEndpointTakesNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"a", "A", strings.Repeat("x", 64), strings.Repeat("é", 32), "...", ".a", "a b", "a.b", "ключ", "%2F", "Registry", "registry2", "lock", "resource",
	} {
		got, all := put(t, name, `{"resources":[]}`)
		requireAnswer(t, 200, `{}`, got)
		require.Contains(t, all, name)
	}
}

func TestPutEndpointRefusesNames(t *testing.T) {
	t.Parallel()
	const tooLong = "an endpoint's name has at most 64 bytes"
	const controls = "an endpoint's name is UTF-8 without control characters"
	segment := func(name string) string { return "an endpoint's name is one segment of a path, not '" + name + "'" }
	cases := map[string]struct{ endpoint, want string }{
		"empty":                      {"", "an endpoint needs a name"},
		"65 bytes":                   {strings.Repeat("x", 65), tooLong},
		"33 characters, 66 bytes":    {strings.Repeat("é", 33), tooLong},
		"a dot":                      {".", segment(".")},
		"two dots":                   {"..", segment("..")},
		"a slash":                    {"a/b", segment("a/b")},
		"a slash, no UTF-8":          {"/\xff", segment("/\ufffd")},
		"a line break":               {"a\nb", controls},
		"a NUL":                      {"a\x00", controls},
		"a DEL":                      {"\x7f", controls},
		"a control character of C1":  {"a\u0085b", controls},
		"invalid UTF-8":              {"a\xff", controls},
		"half a surrogate, in UTF-8": {"\xed\xa0\x80", controls},
	}
	for _, name := range []string{"registry", "leases", "resources", "query", "watch", "health"} {
		cases["reserved "+name] = struct{ endpoint, want string }{name, "'" + name + "' is reserved and can't be an endpoint's name"}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, all := put(t, c.endpoint, `{"resources":[]}`)
			requireAnswer(t, 400, fmt.Sprintf(`{"error":%q,"field":"endpoint"}`, c.want), got)
			require.Empty(t, all)
		})
	}
}

// ids is a body with the ids from 0 to n-1.
func ids(n int) string {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	list, err := json.Marshal(all)
	if err != nil {
		panic(err) // integers have always been JSON
	}
	return `{"resources":` + string(list) + `}`
}

func TestPutEndpointTakesResources(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"none":                 {`{"resources":[]}`, 0},
		"1,000":                {ids(1000), 1000},
		"0":                    {`{"resources":[0]}`, 1},
		"2^53-1":               {`{"resources":[9007199254740991]}`, 1},
		"with a name to come":  {`{"resources":[1],"colour":"red"}`, 1},
		"in whatever sequence": {`{"resources":[3,1,2]}`, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, all := put(t, "a", c.body)
			requireAnswer(t, 200, `{}`, got)
			require.Len(t, all["a"].Resources, c.want)
			require.True(t, slices.IsSorted(all["a"].Resources))
		})
	}
}

func TestPutEndpointRefusesResources(t *testing.T) {
	t.Parallel()
	const missing = "resources is missing: an array of integers, which may be empty"
	for name, c := range map[string]struct{ body, field, want string }{
		"missing":         {`{}`, "resources", missing},
		"null":            {`{"resources":null}`, "resources", missing},
		"null among them": {`{"resources":[1,null]}`, "resources[1]", "resources[1] must be an integer"},
		"1,001":           {ids(1001), "resources", "resources has 1001 ids; at most 1000 are allowed"},
		"-1":              {`{"resources":[-1]}`, "resources", "resources has the id -1; ids go from 0 to 2^53-1"},
		"2^53":            {`{"resources":[1,9007199254740992]}`, "resources", "resources has the id 9007199254740992; ids go from 0 to 2^53-1"},
		"2^63":            {`{"resources":[9223372036854775808]}`, "resources[0]", "resources[0] is out of range"},
		"one twice":       {`{"resources":[7,1,7]}`, "resources", "resources has the id 7 twice"},
		"a string":        {`{"resources":["1"]}`, "resources[0]", "resources[0] must be an integer"},
		"no array":        {`{"resources":1}`, "resources", "resources must be an array"},
		"no body":         {``, "body", "body is empty; it must be JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, all := put(t, "a", c.body)
			requireAnswer(t, 400, fmt.Sprintf(`{"error":%q,"field":%q}`, c.want, c.field), got)
			require.Empty(t, all)
		})
	}
}
