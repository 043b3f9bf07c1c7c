package consistency

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep"
	computing "lockstep/functions/compute"
	compute "lockstep/functions/compute/dynamo"
	locks "lockstep/functions/locks/dynamo"
	shopping "lockstep/functions/shop"
	shop "lockstep/functions/shop/dynamo"
	toys "lockstep/functions/toystore"
	toystore "lockstep/functions/toystore/dynamo"
	"lockstep/functions/toystore/rpc"
	"lockstep/shared/dynamo"
	"lockstep/shared/operation"
)

// root is the repository.
const root = "../.."

// service is one service as its own code describes it.
type service struct {
	name       string // its folder in functions and in testdata/events, its name in the README
	code       string // its functions' CodeUri
	operations []operation.Operation
	calls      map[string][]dynamo.Call // by operation
	others     map[string][]string      // what else an operation does, as the template allows it
}

func services() []service {
	return []service{
		{"locks", "build/lambda/locks", locks.Operations(&locks.Store{}, 0, 0), locks.Calls(), nil},
		{"toystore", "build/lambda/toystore", toystoreOperations(), toystore.Calls(), nil},
		{"compute", "build/lambda/compute", (&computing.Service{}).Operations(), compute.Calls(), map[string][]string{
			"start-run": {"states:StartExecution on !Sub arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${AWS::StackName}-cluster"},
		}},
		{"shop", "build/lambda/shop", shopOperations(), shop.Calls(), map[string][]string{
			"order-created": {"events:PutEvents on OrdersBus"},
		}},
	}
}

func toystoreOperations() []operation.Operation {
	service := &toys.Service{}
	return append(service.Operations(), rpc.Operation(service, 0))
}

func shopOperations() []operation.Operation { return shop.Operations(&shopping.Service{}, nil) }

// inputs is everything that must agree.
type inputs struct {
	services []service
	template template
	files    []string // in testdata/events, as service/name.json
	rows     []row    // of the README's table of operations
}

// row is a row of the README's table.
type row struct{ service, operation, request, does string }

func load(t *testing.T) inputs {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(root, "testdata/events/*/*"))
	require.NoError(t, err)
	for i, f := range files {
		files[i], err = filepath.Rel(filepath.Join(root, "testdata/events"), f)
		require.NoError(t, err)
		files[i] = filepath.ToSlash(files[i])
	}
	return inputs{services: services(), template: mustParse(t, lockstep.Template), files: files, rows: rowsOf(string(readme))}
}

var rowPattern = regexp.MustCompile("(?m)^\\| (\\S+) \\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|$")

// rowsOf finds the table by its heading: it is the section's only one.
func rowsOf(readme string) []row {
	_, section, _ := strings.Cut(readme, "\n## Operations\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows []row
	for _, m := range rowPattern.FindAllStringSubmatch(section, -1) {
		rows = append(rows, row{m[1], m[2], m[3], m[4]})
	}
	return rows
}
