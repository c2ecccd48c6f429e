import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.nio.file.Files;
import java.nio.file.Path;

/** What `helm lint --strict` says of a chart, and what `helm template` makes of it with values.
 * Arguments: the chart, then pairs of a file of values and the file to write; what Helm refuses
 * is written as a line "refused: …". */
public class Render {
  public static void main(String[] arguments) throws Exception {
    Path chart = Path.of(arguments[0]);
    for (int i = 1; i < arguments.length; i += 2) {
      Files.writeString(Path.of(arguments[i + 1]), render(chart, Path.of(arguments[i])));
    }
    LintResult lint = new Helm(chart).lint().strict().call();
    lint.getMessages().forEach(System.err::println);
    System.exit(lint.isFailed() ? 1 : 0);
  }

  private static String render(Path chart, Path values) {
    try {
      return new Helm(chart).template().withName("copq").withKubeVersion("v1.32.0")
          .withValuesFile(values).call();
    } catch (IllegalStateException error) {
      return "refused: " + error.getMessage();
    }
  }
}
