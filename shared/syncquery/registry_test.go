package syncquery_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

func TestParseRegistryKeepsTheOrder(t *testing.T) {
	t.Parallel()
	got, err := syncquery.ParseRegistry([]byte(`{"zeta": {"locked": true, "resources": [3, 1]}, "alpha": {"resources": [], "extra": 1}, "": {"locked": false}}`))
	require.NoError(t, err)
	require.Equal(t, syncquery.Registry{
		{Name: "zeta", Locked: true, Resources: []int64{3, 1}},
		{Name: "alpha", Resources: []int64{}},
		{Name: ""},
	}, got)
	require.Equal(t, []int64{1, 3}, got.Served())
}

func TestParseRegistryRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "[]", "null", "<h1>Not Found</h1>", `{"a"`, `{"a": 1}`, `{"a": {"resources": ["1"]}}`, `{"a": {"resources": [1]}`, `{"a": {"resources": [1.5]}}`} {
		_, err := syncquery.ParseRegistry([]byte(body))
		require.Error(t, err, "%q", body)
		require.Contains(t, err.Error(), "registry", "%q", body)
	}
}

func FuzzParseRegistry(f *testing.F) {
	f.Add([]byte(`{"a": {"locked": true, "resources": [1, 2]}}`))
	f.Add([]byte(`{"a": {}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		registry, err := syncquery.ParseRegistry(body)
		if err != nil {
			require.Nil(t, registry)
		}
	})
}
