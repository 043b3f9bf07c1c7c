package consistency

import (
	"cmp"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// template is what of template.yaml must agree with anything else, by logical id.
type template struct {
	functions map[string]function
	apis      map[string]map[string]access // who may call each route, as "GET /health"
	tables    map[string]bool              // every table, and whether it has a stream
	machines  map[string][]string          // the functions that each state machine calls
	open      []permission                 // to call a function without an API
	boundary  []string                     // the DynamoDB actions that functions may be allowed
}

// access is who may call, as an expression of the template.
type access = expression

const (
	signedRoute   access = "[{AWS_IAM: []}]"
	byAccessRoute access = "!If [Public, [], [{AWS_IAM: []}]]"
	signedURL     access = "AWS_IAM"
	byAccessURL   access = "!If [Public, NONE, AWS_IAM]"
)

// callers says in words who that is.
func callers(a access) string {
	switch a {
	case signedRoute, signedURL:
		return "those who sign"
	case byAccessRoute, byAccessURL:
		return "those whom Access says"
	case "", "[]", "NONE":
		return "anyone"
	default:
		return string(a)
	}
}

// function is an AWS::Serverless::Function.
type function struct {
	Code     string           `yaml:"CodeUri"`
	Handler  string           `yaml:"Handler"`
	Seconds  int              `yaml:"Timeout"`
	Policies []policy         `yaml:"Policies"`
	URL      *url             `yaml:"FunctionUrlConfig"`
	Events   map[string]event `yaml:"Events"`
}

// permission is an AWS::Lambda::Permission.
type permission struct {
	condition string
	Function  expression `yaml:"FunctionName"`
	Action    string     `yaml:"Action"`
}

type policy struct {
	Statements []statement `yaml:"Statement"`
}

type statement struct {
	Actions  texts      `yaml:"Action"`
	Resource expression `yaml:"Resource"`
}

type url struct {
	AuthType   access `yaml:"AuthType"`
	InvokeMode string `yaml:"InvokeMode"`
}

type event struct {
	Type       string `yaml:"Type"`
	Properties struct {
		API       string     `yaml:"RestApiId"`
		Method    string     `yaml:"Method"`
		Path      string     `yaml:"Path"`
		Stream    expression `yaml:"Stream"`
		Responses texts      `yaml:"FunctionResponseTypes"`
	} `yaml:"Properties"`
}

// expression is a value of the template in one line, with the functions in it, as
// "!GetAtt Events.Arn".
type expression string

func (e *expression) UnmarshalYAML(n *yaml.Node) error {
	*e = expression(oneLine(n))
	return nil
}

func oneLine(n *yaml.Node) string {
	var parts []string
	text := n.Value
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			parts = append(parts, oneLine(c))
		}
		text = "[" + strings.Join(parts, ", ") + "]"
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			parts = append(parts, oneLine(n.Content[i])+": "+oneLine(n.Content[i+1]))
		}
		text = "{" + strings.Join(parts, ", ") + "}"
	}
	if strings.HasPrefix(n.Tag, "!!") {
		return text
	}
	return n.Tag + " " + text
}

// texts is a list of texts, for which YAML may have one text alone.
type texts []string

func (l *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = texts{n.Value}
		return nil
	}
	return n.Decode((*[]string)(l))
}

// resource is any resource of the template.
type resource struct {
	Type       string    `yaml:"Type"`
	Condition  string    `yaml:"Condition"`
	Properties yaml.Node `yaml:"Properties"`
}

func mustParse(t *testing.T, text []byte) template {
	t.Helper()
	var all struct {
		Globals struct {
			Function function `yaml:"Function"`
		} `yaml:"Globals"`
		Resources map[string]resource `yaml:"Resources"`
	}
	require.NoError(t, yaml.Unmarshal(text, &all))
	out := template{functions: map[string]function{}, apis: map[string]map[string]access{}, tables: map[string]bool{}, machines: map[string][]string{}}
	for id, r := range all.Resources {
		require.NoError(t, out.add(id, r), id)
	}
	for id, f := range out.functions {
		f.Seconds = cmp.Or(f.Seconds, all.Globals.Function.Seconds)
		out.functions[id] = f
	}
	return out
}

func (t *template) add(id string, r resource) error {
	switch r.Type {
	case "AWS::Serverless::Function":
		var f function
		err := r.Properties.Decode(&f)
		t.functions[id] = f
		return err
	case "AWS::Serverless::Api":
		var p struct {
			Definition definition `yaml:"DefinitionBody"`
		}
		err := r.Properties.Decode(&p)
		t.apis[id] = p.Definition.routes()
		return err
	case "AWS::DynamoDB::Table":
		var p struct {
			Stream *expression `yaml:"StreamSpecification"`
		}
		err := r.Properties.Decode(&p)
		t.tables[id] = p.Stream != nil
		return err
	case "AWS::Serverless::StateMachine":
		var p struct {
			Substitutions map[string]expression `yaml:"DefinitionSubstitutions"`
		}
		err := r.Properties.Decode(&p)
		for _, value := range p.Substitutions {
			if arn := tableARN.FindStringSubmatch(string(value)); arn != nil {
				t.machines[id] = append(t.machines[id], arn[1])
			}
		}
		return err
	case "AWS::Lambda::Permission":
		p := permission{condition: r.Condition}
		err := r.Properties.Decode(&p)
		t.open = append(t.open, p)
		return err
	case "AWS::IAM::ManagedPolicy":
		var p struct {
			Document policy `yaml:"PolicyDocument"`
		}
		err := r.Properties.Decode(&p)
		t.boundary = append(t.boundary, p.Document.actions()...)
		return err
	default:
		return nil
	}
}

// definition is the part of an API's OpenAPI definition that says who may call.
type definition struct {
	Paths map[string]map[string]struct {
		Security access `yaml:"security"`
	} `yaml:"paths"`
}

func (d definition) routes() map[string]access {
	all := map[string]access{}
	for path, methods := range d.Paths {
		for method, m := range methods {
			all[strings.ToUpper(method)+" "+path] = m.Security
		}
	}
	return all
}

func (p policy) actions() []string {
	var all []string
	for _, s := range p.Statements {
		all = append(all, s.Actions...)
	}
	return all
}

var tableARN = regexp.MustCompile(`^!GetAtt (\w+)\.Arn$`)

// allowed returns what the function may do, as "dynamodb:GetItem on Endpoints".
func (f function) allowed() []string {
	var all []string
	for _, p := range f.Policies {
		for _, s := range p.Statements {
			for _, action := range s.Actions {
				all = append(all, action+" on "+tableARN.ReplaceAllString(string(s.Resource), "$1"))
			}
		}
	}
	return all
}
