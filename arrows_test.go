package lockstep_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pack is what `go list -json` says of a package.
type pack struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func list(t *testing.T, env []string, patterns ...string) []pack {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, patterns...)...)
	command.Env = append(os.Environ(), env...)
	out, err := command.Output()
	require.NoError(t, err)
	var all []pack
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pack
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

// room is the first two folders of a package of ours, "" for one that isn't.
func room(path string) (top, service string) {
	parts := strings.Split(path, "/")
	if parts[0] != "lockstep" || len(parts) < 2 {
		return "", ""
	}
	return parts[1], strings.Join(parts[1:min(3, len(parts))], "/")
}

// wasmclient ──► shared ◄── functions ◄── localstack ──► wasmclient
func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{
		"shared": {}, "functions": {"shared"}, "wasmclient": {"shared"}, "localstack": {"shared", "functions", "wasmclient"},
	}
	for _, p := range list(t, nil, "./...") {
		top, service := room(p.ImportPath)
		if top == "" {
			continue
		}
		require.Contains(t, allowed, top, "%s is in no room", p.ImportPath)
		for _, imported := range p.Imports {
			other, otherService := room(imported)
			if other == top {
				require.True(t, top != "functions" || service == otherService, "%s imports another service, %s", p.ImportPath, imported)
			} else if other != "" {
				require.Contains(t, allowed[top], other, "%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

// The domain knows no technology, however far one looks.
func TestTheDomainKnowsNeitherAWSNorHTTP(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, nil, "./functions/locks", "./functions/toystore", "./functions/compute", "./functions/compute/quote", "./functions/shop", "./shared/failure", "./shared/operation", "./shared/lease", "./shared/syncquery", "./shared/syncquery/oldapi", "./shared/syncquery/leaseapi", "./shared/syncquery/overlease", "./shared/pi", "./wasmclient/sim", "./wasmclient/sim/plot", "./wasmclient/remote", "./wasmclient/toystore", "./wasmclient/toystore/load", "./wasmclient/compute", "./wasmclient/compute/plot", "./wasmclient/shop", "./wasmclient/shop/smoke", "./wasmclient/shop/perf") {
		for _, dependency := range p.Deps {
			require.NotEqual(t, "net/http", dependency, p.ImportPath)
			require.False(t, strings.HasPrefix(dependency, "github.com/aws/"), "%s depends on %s", p.ImportPath, dependency)
		}
	}
}

// The client's way over net/http does not bring AWS along: signing is put around it.
func TestTheClientKnowsNoAWS(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, nil, "./shared/syncquery/overhttp") {
		for _, dependency := range p.Deps {
			require.False(t, strings.HasPrefix(dependency, "github.com/aws/"), "%s depends on %s", p.ImportPath, dependency)
		}
	}
}

// Adapters of one thing are independent of each other.
func TestAdaptersDoNotImportEachOther(t *testing.T) {
	t.Parallel()
	families := [][]string{
		{"lockstep/shared/operation/overhttp", "lockstep/shared/operation/inlambda"},
		{"lockstep/shared/syncquery/overhttp", "lockstep/shared/syncquery/overfetch"},
		{"lockstep/wasmclient/toystore/overgrpc", "lockstep/wasmclient/toystore/overhttp", "lockstep/wasmclient/toystore/overtcp"},
		{"lockstep/functions/toystore/dynamo", "lockstep/functions/toystore/lines", "lockstep/functions/toystore/rpc"},
	}
	for _, p := range list(t, nil, "./shared/operation/...", "./shared/syncquery/...", "./wasmclient/toystore/...", "./functions/toystore/...") {
		for _, family := range families {
			if slices.Contains(family, p.ImportPath) {
				for _, other := range family {
					require.True(t, other == p.ImportPath || !slices.Contains(p.Deps, other), "%s depends on %s", p.ImportPath, other)
				}
			}
		}
	}
}

// net/http would triple the size of what a browser loads.
func TestTheWASMBuildLinksNoHTTP(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, []string{"GOOS=js", "GOARCH=wasm"}, "./wasmclient/module", "./wasmclient/cmd/lockstep") {
		require.NotContains(t, p.Deps, "net/http", p.ImportPath)
	}
}
