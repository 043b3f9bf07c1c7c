package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"lockstep"
)

func TestURLs(t *testing.T) {
	t.Parallel()
	const localStack = "http://127.0.0.1:4566"
	for name, c := range map[string]struct{ endpoint, key, value, base string }{
		"a REST API on AWS":            {"", "LocksUrl", "https://a1.execute-api.eu-west-1.amazonaws.com/v1", "https://a1.execute-api.eu-west-1.amazonaws.com/v1"},
		"a Function URL on AWS":        {"", "LocksWatchUrl", "https://f1.lambda-url.eu-west-1.on.aws/", "https://f1.lambda-url.eu-west-1.on.aws"},
		"a REST API on LocalStack":     {localStack, "LocksUrl", "https://a1.execute-api.us-east-1.127.0.0.1:4566/v1", localStack + "/_aws/execute-api/a1/v1"},
		"without the region":           {localStack, "LocksUrl", "https://a1.execute-api.127.0.0.1:4566/v1", localStack + "/_aws/execute-api/a1/v1"},
		"with AWS's own host":          {localStack, "LocksUrl", "https://a1.execute-api.us-east-1.amazonaws.com/v1", localStack + "/_aws/execute-api/a1/v1"},
		"a Function URL on LocalStack": {localStack, "LocksWatchUrl", "http://f1.lambda-url.us-east-1.127.0.0.1:4566/", "http://f1.lambda-url.us-east-1.localhost.localstack.cloud:4566"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outputs := []types.Output{{OutputKey: aws.String("Other"), OutputValue: aws.String("x")}, {OutputKey: &c.key, OutputValue: &c.value}}
			found, err := urls(outputs, c.endpoint)
			require.NoError(t, err)
			require.Equal(t, []service{{names[c.key], c.base}}, found)
		})
	}
	t.Run("neither", func(t *testing.T) {
		t.Parallel()
		_, err := urls([]types.Output{{OutputKey: aws.String("LocksUrl"), OutputValue: aws.String("https://example.com/v1")}}, localStack)
		require.EqualError(t, err, "output LocksUrl: https://example.com/v1 is neither a REST API nor a Function URL")
	})
}

// Every output of the template that is a URL has a name here.
func TestNames(t *testing.T) {
	t.Parallel()
	var template struct {
		Outputs map[string]any `yaml:"Outputs"`
	}
	require.NoError(t, yaml.Unmarshal(lockstep.Template, &template))
	for output := range template.Outputs {
		if strings.HasSuffix(output, "Url") {
			require.Contains(t, names, output)
		}
	}
}
