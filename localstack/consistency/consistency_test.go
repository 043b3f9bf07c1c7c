package consistency

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo"
	"lockstep/shared/operation"
)

func TestEverythingAgrees(t *testing.T) {
	t.Parallel()
	in := load(t)
	require.Empty(t, differences(in))
	all := 0
	for _, s := range in.services {
		all += len(s.operations)
	}
	require.Len(t, in.rows, all, "the README's table is read")
}

// changes take something away or slip something in, each with what is told of it.
var changes = map[string]struct {
	change func(*inputs)
	want   []string
}{
	"an event": {func(in *inputs) { in.drop("locks/lock.json") },
		[]string{"operation lock has no event testdata/events/locks/lock.json"}},
	"an answer": {func(in *inputs) { in.drop("locks/watch.golden.json") },
		[]string{"operation watch has no answer testdata/events/locks/watch.golden.json"}},
	"an event too many": {func(in *inputs) { in.files = append(in.files, "locks/steal.json") },
		[]string{"testdata/events/locks/steal.json is of no operation"}},
	"a statement of a policy": {func(in *inputs) { in.edit("LocksLock", func(f *function) { f.drop("dynamodb:UpdateItem") }) },
		[]string{"operation lock calls dynamodb:UpdateItem on Namespaces, which the policy of function LocksLock does not allow"}},
	"the only statement of a policy": {func(in *inputs) { in.edit("LocksRecord", func(f *function) { f.Policies = nil }) },
		[]string{"operation record calls dynamodb:PutItem on Events, which the policy of function LocksRecord does not allow"}},
	"a statement too many": {func(in *inputs) {
		in.edit("LocksWatch", func(f *function) {
			f.Policies = append(f.Policies, policy{[]statement{{texts{"dynamodb:*"}, "*"}}})
		})
	}, []string{"the policy of function LocksWatch allows dynamodb:* on *, which operation watch does not declare"}},
	"an action of the boundary": {func(in *inputs) {
		in.template.boundary = slices.DeleteFunc(in.template.boundary, func(a string) bool { return a == "dynamodb:DeleteItem" })
	}, []string{
		"operation delete-endpoint calls dynamodb:DeleteItem on Endpoints, which the boundary of all functions does not allow",
		"operation delete-product calls dynamodb:DeleteItem on Products, which the boundary of all functions does not allow"}},
	"a declared call": {func(in *inputs) { in.services[0].calls["watch"] = nil },
		[]string{"the policy of function LocksWatch allows dynamodb:Query on Events, which operation watch does not declare"}},
	"calls of nobody": {func(in *inputs) { in.services[0].calls["steal"] = dynamo.On("Events", "PutItem") },
		[]string{"calls are declared for steal, which is no operation of locks"}},
	"a table": {func(in *inputs) { delete(in.template.tables, "Events") }, []string{
		"operation record declares dynamodb:PutItem on Events, which is no table of template.yaml",
		"operation watch declares dynamodb:Query on Events, which is no table of template.yaml"}},
	"a table's stream": {func(in *inputs) { in.template.tables["Namespaces"] = false },
		[]string{"function LocksRecord of operation record reads the stream of Namespaces, which is no table with a stream"}},
	"a route in the template": {func(in *inputs) { in.edit("LocksHealth", func(f *function) { f.Events = nil }) }, []string{
		"GET /health of LocksApi in template.yaml is of no operation",
		"function LocksHealth is not reached by GET /health, the request of operation health"}},
	"another method in the template": {func(in *inputs) {
		in.edit("LocksHealth", func(f *function) {
			e := f.Events["Http"]
			e.Properties.Method = "POST"
			f.Events["Http"] = e
		})
	}, []string{
		"GET /health of LocksApi in template.yaml is of no operation",
		"function LocksHealth is not reached by GET /health, the request of operation health",
		"function LocksHealth is reached by Api POST /health, which is no request of operation health"}},
	"a route's guard": {func(in *inputs) { delete(in.template.apis["LocksApi"], "GET /registry") },
		[]string{"LocksApi lets operation registry be called by anyone, not by those whom Access says"}},
	"an operator's guard": {func(in *inputs) { in.template.apis["LocksApi"]["PUT /{endpoint}"] = byAccessRoute },
		[]string{"LocksApi lets operation put-endpoint be called by those whom Access says, not by those who sign"}},
	"a guarded route too many": {func(in *inputs) { in.template.apis["LocksApi"]["GET /nests"] = signedRoute },
		[]string{"GET /nests of LocksApi in template.yaml is of no operation"}},
	"a Function URL": {func(in *inputs) { in.edit("LocksWatch", func(f *function) { f.URL = nil }) }, []string{
		"function LocksWatch has no Function URL, which operation watch needs for its stream",
		"template.yaml has a permission for everybody to call function LocksWatch, which has no Function URL"}},
	"a Function URL's guard": {func(in *inputs) {
		in.edit("LocksWatch", func(f *function) { f.URL = &url{AuthType: "NONE", InvokeMode: "RESPONSE_STREAM"} })
	}, []string{"the Function URL of LocksWatch lets operation watch be called by anyone, not by those whom Access says"}},
	"a Function URL's stream": {func(in *inputs) {
		in.edit("LocksWatch", func(f *function) { f.URL = &url{AuthType: byAccessURL} })
	}, []string{"function LocksWatch has a Function URL that does not stream, which operation watch does"}},
	"a permission": {func(in *inputs) {
		in.template.open = slices.DeleteFunc(in.template.open, func(p permission) bool { return p.Action == "lambda:InvokeFunction" && p.Function == "!Ref LocksWatch" })
	}, []string{"with Access=Public lambda:InvokeFunction on function LocksWatch of operation watch is to be allowed: true"}},
	"a Function URL too many": {func(in *inputs) { in.edit("LocksLock", func(f *function) { f.URL = &url{} }) },
		[]string{"function LocksLock has a Function URL, which operation lock is not made for"}},
	"what feeds a task": {func(in *inputs) { in.edit("LocksRecord", func(f *function) { f.Events = nil }) }, []string{
		"README.md says that the request of operation record is \"the stream of table Namespaces\", not \"\"",
		"function LocksRecord of operation record is fed by nothing"}},
	"a step of a state machine": {func(in *inputs) { in.template.machines["ComputeCluster"] = []string{"ComputePlan", "ComputeShard"} }, []string{
		"README.md says that the request of operation merge is \"the state machine ComputeCluster\", not \"\"",
		"function ComputeMerge of operation merge is fed by nothing"}},
	"what starts a state machine": {func(in *inputs) { in.edit("ComputeStartRun", func(f *function) { f.drop("states:StartExecution") }) },
		[]string{"operation start-run does states:StartExecution on !Sub arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${AWS::StackName}-cluster, which the policy of function ComputeStartRun does not allow"}},
	"time": {func(in *inputs) { in.edit("LocksLock", func(f *function) { f.Seconds = 10 }) },
		[]string{"function LocksLock ends after 10s, before the 28s of operation lock are over"}},
	"a function": {func(in *inputs) { delete(in.template.functions, "LocksUnlock") }, []string{
		"DELETE /{endpoint}/lock of LocksApi in template.yaml is of no operation",
		"operation unlock has 0 functions in template.yaml, not one: []"}},
	"a function too many": {func(in *inputs) {
		in.template.functions["LocksFoo"] = function{Code: "build/lambda/locks", Handler: "foo"}
	},
		[]string{"function LocksFoo of template.yaml is of no operation: foo in build/lambda/locks"}},
	"a row of the README": {func(in *inputs) {
		in.rows = slices.DeleteFunc(in.rows, func(r row) bool { return r.operation == "resource" })
	},
		[]string{"operation resource has no row in README.md"}},
	"a row too many": {func(in *inputs) { in.rows = append(in.rows, row{"locks", "steal", "POST /steal", "takes a lock"}) },
		[]string{"README.md has a row for steal of locks, which is no operation"}},
	"a request of the README": {func(in *inputs) { in.rows[0].request = "GET /" },
		[]string{`README.md says that the request of operation registry is "GET /", not "GET /registry"`}},
	"who may, in the README": {func(in *inputs) { in.rows[0].does += " (operators)" },
		[]string{"README.md marks operation registry as one for operators: true, not false"}},
	"an operation": {func(in *inputs) {
		s := &in.services[0]
		s.operations = slices.DeleteFunc(s.operations, func(o operation.Operation) bool { return o.Name == "resource" })
	}, []string{
		"GET /{endpoint}/resource/{id} of LocksApi in template.yaml is of no operation",
		"README.md has a row for resource of locks, which is no operation",
		"calls are declared for resource, which is no operation of locks",
		"function LocksResource of template.yaml is of no operation: resource in build/lambda/locks",
		"testdata/events/locks/resource.golden.json is of no operation",
		"testdata/events/locks/resource.json is of no operation"}},
}

func TestADifferenceIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := load(t)
			c.change(&in)
			require.Equal(t, c.want, differences(in))
		})
	}
}

// Whichever operation loses its event, its policy or its route: it is named.
func TestEachOperationIsNamed(t *testing.T) {
	t.Parallel()
	for _, s := range services() {
		for _, o := range s.operations {
			t.Run(s.name+"/"+o.Name, func(t *testing.T) {
				t.Parallel()
				for what, take := range map[string]func(*inputs, *function){
					"event":  func(in *inputs, _ *function) { in.drop(s.name + "/" + o.Name + ".json") },
					"policy": func(_ *inputs, f *function) { f.Policies = nil },
					"route":  func(in *inputs, f *function) { f.Events, f.URL, in.template.machines = nil, nil, nil },
				} {
					if what == "policy" && len(s.calls[o.Name]) == 0 {
						continue // it has none
					}
					in := load(t)
					for id, f := range in.template.functions {
						if f.Code == s.code && f.Handler == o.Name {
							in.edit(id, func(f *function) { take(&in, f) })
						}
					}
					require.Contains(t, strings.Join(differences(in), "\n"), "operation "+o.Name, what)
				}
			})
		}
	}
}

func (in *inputs) drop(file string) {
	in.files = slices.DeleteFunc(in.files, func(f string) bool { return f == file })
}

func (in *inputs) edit(id string, change func(*function)) {
	f := in.template.functions[id]
	change(&f)
	in.template.functions[id] = f
}

// drop takes the action away, on whatever table.
func (f *function) drop(action string) {
	for _, p := range f.Policies {
		for i := range p.Statements {
			p.Statements[i].Actions = slices.DeleteFunc(p.Statements[i].Actions, func(a string) bool { return a == action })
		}
	}
}
