package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/need"
)

// One seed gives one pi, bit for bit, whoever counts: a service, a cluster, this machine
// by either variant, Node.
func TestTheCommandLineAgreesOnPi(t *testing.T) {
	notWithURL(t)
	b := startBundle(t, "memory")
	native := []string{built(t, "lockstep", "lockstep")}
	node := []string{need.Node(t), built(t, "npm", "npm/lockstep.mjs")}
	var first float64
	for _, c := range []struct {
		command, more []string
	}{
		{native, []string{"--url", b.ComputeURL, "--concurrency", "3"}},
		{native, []string{"--url", b.ComputeURL, "--cluster", "--shards", "4"}},
		{native, []string{"--local"}},
		{native, []string{"--local", "--variant", "portable", "--cores", "1"}},
		{node, []string{"--local"}},
	} {
		arguments := append(append(c.command[1:], "pi", "--simulations", "5000000", "--seed", "3", "--json"), c.more...)
		command := exec.CommandContext(t.Context(), c.command[0], arguments...)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")} // WebAssembly under Node takes no large one
		out, err := command.Output()
		require.NoError(t, err, "%v", arguments)
		var answer struct{ Pi float64 }
		require.NoError(t, json.Unmarshal(out, &answer), "%s", out)
		if first == 0 {
			first = answer.Pi
		}
		require.Equal(t, first, answer.Pi, "%v", arguments) //nolint:testifylint // bit for bit
	}
}
