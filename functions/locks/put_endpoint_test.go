package locks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// put puts an endpoint on an empty service, and returns what the registry has then.
func put(t *testing.T, name, body string) (operation.Response, map[string][]int64) {
	t.Helper()
	s := open(t)(lease.Options{})
	got := call(t.Context(), t, s, "put-endpoint", operation.Request{Path: map[string]string{"endpoint": name}, Body: []byte(body)})
	all, err := s.Store.Endpoints(t.Context())
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
			require.Len(t, all["a"], c.want)
			require.True(t, slices.IsSorted(all["a"]))
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
