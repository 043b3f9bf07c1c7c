package consistency

import (
	"regexp"
	"slices"
	"strings"

	"lockstep/shared/operation"
)

// streams holds the function's URL against an operation of the kind Stream.
func (d *comparison) streams(o operation.Operation, id string, f function) {
	if len(f.Events) > 0 {
		d.add("function %s has events, while operation %s is a stream, which a Function URL alone can be", id, o.Name)
	}
	if f.URL == nil {
		d.add("function %s has no Function URL, which operation %s needs for its stream", id, o.Name)
		return
	}
	if f.URL.InvokeMode != "RESPONSE_STREAM" {
		d.add("function %s has a Function URL that does not stream, which operation %s does", id, o.Name)
	}
	want := byAccessURL
	if o.Operator {
		want = signedURL
	}
	if f.URL.AuthType != want {
		d.add("the Function URL of %s lets operation %s be called by %s, not by %s", id, o.Name, callers(f.URL.AuthType), callers(want))
	}
	d.permissions(o, id)
}

// permissions holds the function's permissions for everybody against the operation:
// a Function URL without authentication needs both, and only then.
func (d *comparison) permissions(o operation.Operation, id string) {
	for _, action := range []string{"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} {
		want := permission{condition: "Public", Function: expression("!Ref " + id), Action: action}
		if slices.Contains(d.template.open, want) == o.Operator {
			d.add("with Access=Public %s on function %s of operation %s is to be allowed: %t", action, id, o.Name, !o.Operator)
		}
	}
}

var streamARN = regexp.MustCompile(`^!GetAtt (\w+)\.StreamArn$`)

// works holds what feeds the function against an operation of the kind Task.
func (d *comparison) works(o operation.Operation, id string, f function) {
	if f.URL != nil {
		d.add("function %s has a Function URL, while operation %s is a task, of no caller", id, o.Name)
	}
	if len(f.Events) == 0 && d.machineOf(id) == "" {
		d.add("function %s of operation %s is fed by nothing", id, o.Name)
	}
	for _, e := range f.Events {
		source := streamARN.FindStringSubmatch(string(e.Properties.Stream))
		switch {
		case e.Type != "DynamoDB" || source == nil:
			d.add("function %s is reached by an event of the type %s, while operation %s is a task", id, e.Type, o.Name)
		case !d.template.tables[source[1]]:
			d.add("function %s of operation %s reads the stream of %s, which is no table with a stream", id, o.Name, source[1])
		case !slices.Contains(e.Properties.Responses, "ReportBatchItemFailures"):
			d.add("function %s may not report the changes that operation %s failed on", id, o.Name)
		}
	}
}

// policy holds the function's policy against the calls that are declared.
func (d *comparison) policy(s service, o operation.Operation, id string, f function) {
	allowed := f.allowed()
	declared := slices.Clone(s.others[o.Name])
	for _, other := range declared {
		if !slices.Contains(allowed, other) {
			d.add("operation %s does %s, which the policy of function %s does not allow", o.Name, other, id)
		}
	}
	for _, c := range s.calls[o.Name] {
		call := "dynamodb:" + c.Action + " on " + c.Table
		declared = append(declared, call)
		if _, ok := d.template.tables[c.Table]; !ok {
			d.add("operation %s declares %s, which is no table of template.yaml", o.Name, call)
		}
		if !slices.Contains(allowed, call) {
			d.add("operation %s calls %s, which the policy of function %s does not allow", o.Name, call, id)
		}
		if !slices.Contains(d.template.boundary, "dynamodb:"+c.Action) {
			d.add("operation %s calls %s, which the boundary of all functions does not allow", o.Name, call)
		}
	}
	for _, call := range allowed {
		if !slices.Contains(declared, call) {
			d.add("the policy of function %s allows %s, which operation %s does not declare", id, call, o.Name)
		}
	}
}

// left tells what is of no operation.
func (d *comparison) left() {
	for id, f := range d.template.functions {
		if !d.known[id] {
			d.add("function %s of template.yaml is of no operation: %s in %s", id, f.Handler, f.Code)
		}
	}
	for api, routes := range d.template.apis {
		for route := range routes {
			if !d.routes[api+" "+route] {
				d.add("%s of %s in template.yaml is of no operation", route, api)
			}
		}
	}
	for _, p := range d.template.open {
		if id := strings.TrimPrefix(string(p.Function), "!Ref "); d.template.functions[id].URL == nil {
			d.add("template.yaml has a permission for everybody to call function %s, which has no Function URL", id)
		}
	}
	for _, file := range d.files {
		if !d.known[file] {
			d.add("testdata/events/%s is of no operation", file)
		}
	}
	for _, r := range d.rows {
		if !d.known[r.service+" "+r.operation] {
			d.add("README.md has a row for %s of %s, which is no operation", r.operation, r.service)
		}
	}
}
