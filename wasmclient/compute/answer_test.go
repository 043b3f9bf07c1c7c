package compute_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/compute"
)

const (
	answered = `{"simulations":101,"concurrency":2,"pi":3.2,"simulations_distribution":[51,50],"time":0.5,"standard_error":0.1,"seed":7}`
	done     = `{"id":"r","state":"done","simulations":3000000000,"shards":3,"pi":3.1415,"simulations_distribution":{"shards":3,"least":1000000000,` +
		`"most":1000000000},"time":2,"standard_error":0.00003,"seed":7}`
)

func TestAnswersInWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		answered: `pi              3.2
standard error  0.1
off by          +0.0584, +0.58 standard errors
simulations     101
time            0.500 s, 202.0 simulations a second
seed            7
distribution    2 parts of 50 to 51
`,
		done: `run             r
pi              3.1415
standard error  3e-05
off by          -9.27e-05, -3.09 standard errors
simulations     3,000,000,000
time            2.000 s, 1.5 billion simulations a second
seed            7
distribution    3 shards of 1,000,000,000
`,
		`{"simulations":100000000,"pi":4,"simulations_distribution":[100000000],"time":0,"standard_error":0}`: `pi              4
standard error  0
off by          +0.858
simulations     100,000,000
time            0.000 s
seed            0
distribution    1 part
`,
	} {
		a, err := compute.ParseAnswer([]byte(text))
		require.NoError(t, err)
		require.Equal(t, text, string(a.JSON))
		var out strings.Builder
		require.NoError(t, a.WriteText(&out))
		require.Equal(t, want, out.String())
	}
}

func TestWhatIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{``, `{}`, `[]`, `{"simulations":"100"}`, `{"simulations":100,"simulations_distribution":[]}`, `{"id":"r","state":"running"}`} {
		_, err := compute.ParseAnswer([]byte(text))
		require.Error(t, err, text)
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1_000_000_000_000_000: "1,000,000,000,000,000", 12345: "12,345"} {
		require.Equal(t, want, compute.Grouped(n))
	}
}
